import { controlledBy, type EndpointSlice, keyOf, type Pod, type Service, type ServiceStatus } from "@sluice/api";
import { canonicalJson, type Plan, sameJson, shortHash } from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";
import type { Abandoned } from "../marks/index.ts";
import { endpointOf, type PodEndpoint } from "../pods/index.ts";
import { mayServeAll, withoutVersion } from "./abandoned.ts";

export interface ObservedService {
  readonly service: Service;
  /** Matched by its selector. */
  readonly pods: readonly Pod[];
  /** Controlled by it. */
  readonly slices: readonly EndpointSlice[];
  /** By the Rollout that said which version it selects; and Pods of other versions, where those are asked for. */
  readonly abandoned?: { readonly by: Abandoned; readonly others: readonly Pod[] };
  /** An address for it, where it has none and can have one. */
  readonly address?: string;
}

const managedBy = "endpointslice-controller.k8s.io";

/**
 * EndpointSlices of a Service. All endpoints of a slice share its ports, and here every Pod has ports of its own: so
 * there is a slice for each set of ports, as Kubernetes does it where named ports differ among Pods.
 */
export function planService(observed: ObservedService): Plan<StoreAction, ServiceStatus> {
  const { service, address, pods, abandoned } = observed;
  const status: ServiceStatus = { ...service.status, loadBalancer: loadBalancerOf(service) };
  if (service.metadata.deletionTimestamp !== undefined) return { actions: [], because: "it is being deleted" };
  const actions: StoreAction[] = [];
  if (address !== undefined) {
    const value = { metadata: { uid: service.metadata.uid }, spec: { clusterIP: address, clusterIPs: [address] } };
    actions.push({ do: "patch", key: keyOf(service), patch: { type: "merge", value } });
    // Without a status: what this pass has read of the Service is older than its own write.
    return { actions, because: `it gets the address ${address}` };
  }
  if (abandoned !== undefined && mayServeAll(abandoned.by, pods, abandoned.others)) {
    actions.push({ do: "update", object: withoutVersion(service) });
    return { actions, because: "no Rollout decides any more which version it selects: it selects Pods of all" };
  }
  const isSelecting = Object.keys(service.spec.selector ?? {}).length > 0 && service.spec.type !== "ExternalName";
  if (!isSelecting) return { actions, status, because: "it selects no Pods" };
  actions.push(...sliceActions(observed, wantedSlices(observed)));
  return {
    actions,
    status,
    because: actions.length === 0 ? "its EndpointSlices are up to date" : "its EndpointSlices change",
  };
}

/** The router is every Service's load balancer, under this name. */
const loadBalancerOf = ({ metadata, spec, status }: Service): NonNullable<ServiceStatus["loadBalancer"]> =>
  spec.type === "LoadBalancer"
    ? { ingress: [{ hostname: `${metadata.name}.${metadata.namespace ?? "default"}.localhost` }] }
    : (status?.loadBalancer ?? {});

function wantedSlices({ service, pods }: ObservedService): EndpointSlice[] {
  const groups = new Map<string, PodEndpoint[]>();
  for (const pod of pods) {
    const found = endpointOf(service, pod);
    if (found === undefined || found.ports.length === 0) continue;
    const family = familyOf(found);
    const key = `${family}${canonicalJson(found.ports)}`;
    groups.set(key, [...(groups.get(key) ?? []), found]);
  }
  return [...groups].map(([key, members]) => sliceOf(service, key, members));
}

const familyOf = ({ endpoint }: PodEndpoint): "IPv4" | "IPv6" =>
  endpoint.addresses[0]?.includes(":") ? "IPv6" : "IPv4";

function sliceOf(service: Service, key: string, members: readonly PodEndpoint[]): EndpointSlice {
  const { name, namespace, labels, uid } = service.metadata;
  const [first] = members;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${name.slice(0, 240)}-${shortHash(`${uid}/${key}`)}`,
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...labels,
        "kubernetes.io/service-name": name,
        "endpointslice.kubernetes.io/managed-by": managedBy,
        ...(service.spec.clusterIP === "None" ? { "service.kubernetes.io/headless": "" } : {}),
      },
      ownerReferences: [controlledBy(service)],
    },
    addressType: first === undefined ? "IPv4" : familyOf(first),
    endpoints: members.map(({ endpoint }) => endpoint).sort((a, b) => compare(a.targetRef?.name, b.targetRef?.name)),
    ports: first?.ports ?? [],
  };
}

function sliceActions({ slices }: ObservedService, wanted: readonly EndpointSlice[]): StoreAction[] {
  const known = new Map(slices.map((slice) => [slice.metadata.name, slice]));
  const actions: StoreAction[] = [];
  for (const slice of wanted) {
    const before = known.get(slice.metadata.name);
    known.delete(slice.metadata.name);
    if (before === undefined) {
      actions.push({ do: "create", object: slice });
    } else if (!isSameSlice(before, slice)) {
      const value = { metadata: { labels: slice.metadata.labels }, endpoints: slice.endpoints, ports: slice.ports };
      actions.push({ do: "patch", key: keyOf(before), patch: { type: "merge", value } });
    }
  }
  for (const slice of known.values()) {
    if (slice.metadata.labels?.["endpointslice.kubernetes.io/managed-by"] !== managedBy) continue;
    if (slice.metadata.deletionTimestamp === undefined) actions.push({ do: "delete", key: keyOf(slice) });
  }
  return actions;
}

const isSameSlice = (a: EndpointSlice, b: EndpointSlice): boolean =>
  sameJson(a.endpoints, b.endpoints) && sameJson(a.ports, b.ports) && hasLabels(a.metadata.labels, b.metadata.labels);

const hasLabels = (
  have: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>> = {},
): boolean => Object.entries(wanted).every(([key, value]) => have[key] === value);

const compare = (a = "", b = ""): number => (a < b ? -1 : a > b ? 1 : 0);
