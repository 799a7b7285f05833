import type { Rollout, VirtualService } from "@sluice/api";
import type { Reader, Reconciler } from "@sluice/kernel";
import { applyEffect, type Effects, type StoreAction } from "../loop/index.ts";
import { claimsOn, placeOf, rolloutKind } from "../marks/index.ts";
import { type ObservedRoutes, plan } from "./plan.ts";

/** What a Rollout added to a VirtualService goes with it. */
export const virtualServiceReconciler = (
  effects: Effects,
): Reconciler<VirtualService, ObservedRoutes, StoreAction> => ({
  kind: { apiVersion: "networking.istio.io/v1", kind: "VirtualService" },
  observe,
  plan,
  apply: (_virtualService, action) => applyEffect(action, effects),
});

async function observe(virtualService: VirtualService, read: Reader): Promise<ObservedRoutes> {
  const claims = claimsOn(virtualService).map(async (claim) => {
    const slash = claim.rollout.indexOf("/");
    const [namespace, name] = [claim.rollout.slice(0, slash), claim.rollout.slice(slash + 1)];
    const rollout = await read.get<Rollout>({ ...rolloutKind, namespace, name });
    return { ...claim, isAlive: rollout !== undefined && weighs(rollout, virtualService) };
  });
  return { virtualService, claims: await Promise.all(claims) };
}

function weighs({ spec, metadata }: Rollout, { metadata: of }: VirtualService): boolean {
  const { virtualService, virtualServices = [] } = spec.strategy?.canary?.trafficRouting?.istio ?? {};
  return [...(virtualService === undefined ? [] : [virtualService]), ...virtualServices].some((reference) => {
    const place = placeOf(reference.name, metadata.namespace);
    return place.name === of.name && place.namespace === of.namespace;
  });
}
