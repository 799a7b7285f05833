import type { EndpointSlice, Pod, Service } from "@sluice/api";
import type { Reader, Reconciler } from "@sluice/kernel";
import { applyEffect, type Effects, type StoreAction } from "../loop/index.ts";
import { abandoned, servicesOf } from "../marks/index.ts";
import { versionless } from "./abandoned.ts";
import { clusterAddress, needsAddress } from "./cluster-address.ts";
import { type ObservedService, planService } from "./plan.ts";

const podKind = { apiVersion: "v1", kind: "Pod" };
const serviceKind = { apiVersion: "v1", kind: "Service" };
const sliceKind = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };

export interface ServiceOptions {
  /** Services get loopback addresses: where the system binds all of 127.0.0.0/8. */
  readonly allocatesAddresses: boolean;
}

/** Addresses and EndpointSlices of Services. */
export const serviceReconciler = (
  effects: Effects,
  { allocatesAddresses }: ServiceOptions,
): Reconciler<Service, ObservedService, StoreAction> => ({
  kind: serviceKind,
  observe: (service, read) => observe(service, read, allocatesAddresses),
  plan: planService,
  apply: (_service, action) => applyEffect(action, effects),
});

async function observe(service: Service, read: Reader, allocatesAddresses: boolean): Promise<ObservedService> {
  const { namespace, uid = "" } = service.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const { selector } = service.spec;
  const isSelecting = selector !== undefined && Object.keys(selector).length > 0;
  const pods = isSelecting ? await read.list<Pod>(podKind, { ...inNamespace, labels: selector }) : [];
  const slices = await read.list<EndpointSlice>(sliceKind, { ...inNamespace, ownerUid: uid });
  // All Services are read only while one waits for its address: else each would wake all.
  const address =
    allocatesAddresses && needsAddress(service)
      ? clusterAddress(service, await read.list<Service>(serviceKind))
      : undefined;
  const by = await abandoned(service, read, servicesOf);
  const isAsked = by === "elsewhere";
  const all = isAsked ? await read.list<Pod>(podKind, { ...inNamespace, labels: versionless(service) }) : [];
  const own = new Set(pods.map(({ metadata }) => metadata.name));
  const others = all.filter(({ metadata }) => !own.has(metadata.name));
  return {
    service,
    pods,
    slices,
    ...(by === undefined ? {} : { abandoned: { by, others } }),
    ...(address === undefined ? {} : { address }),
  };
}
