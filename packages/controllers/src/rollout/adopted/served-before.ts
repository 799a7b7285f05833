import type { ReplicaSet } from "@sluice/api";
import { isLifted } from "@sluice/api/release";
import { activeHash } from "../bluegreen/services.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { canaryOf, isRouted } from "../canary/steps.ts";
import type { ObservedRollout } from "../observe.ts";
import { leadsTo, weighedServices } from "../routing/seen.ts";
import { hashOf, revisionOf, type View, wantedOf } from "../view.ts";

/** What users got before this Rollout began. */
export interface ServedBefore {
  /** The version that had them, or most of them. */
  readonly stable: ReplicaSet;
  /** Percent that another version had, and which. */
  readonly canary: { readonly weight: number; readonly hash: string } | undefined;
  /** Of two Services that take turns. */
  readonly isPingStable: boolean;
}

/**
 * Status is empty, and there are Pods already, ready or not: a Rollout was deleted, and its ReplicaSets were left. Undefined
 * where there is only what is quarantined: then it begins as any first version does.
 */
export function servedBefore(observed: ObservedRollout, view: View): ServedBefore | undefined {
  const { status } = view;
  if (status.currentPodHash !== undefined || status.stableRS !== undefined) return undefined;
  const held = observed.quarantines.filter((one) => !isLifted(one)).map(({ spec }) => spec.podTemplateHash);
  const serving = observed.replicaSets.filter((set) => wantedOf(set) > 0 && !held.includes(hashOf(set)));
  const setOf = (hash: string | undefined) => serving.find((set) => hash !== "" && hashOf(set) === hash);
  const { weight, canary, stable, isPingStable = false } = ledTo(observed, view);
  const byRoutes = setOf(weight === 100 ? canary : stable);
  const found = byRoutes ?? setOf(canary) ?? oldest(serving);
  if (found === undefined) return undefined;
  const isShared = weight > 0 && weight < 100 && canary !== undefined && canary !== hashOf(found);
  return { stable: found, canary: isShared ? { weight, hash: canary } : undefined, isPingStable };
}

interface Led {
  /** Percent of the canary's side. */
  readonly weight: number;
  readonly canary: string | undefined;
  readonly stable: string | undefined;
  readonly isPingStable?: boolean;
}

/** Where users are led now. */
function ledTo(observed: ObservedRollout, view: View): Led {
  const { rollout } = view;
  if (blueGreenOf(rollout) !== undefined) return { weight: 0, canary: undefined, stable: activeHash(observed, view) };
  if (!isRouted(rollout)) return { weight: 0, canary: undefined, stable: undefined };
  const weight = Math.max(0, ...weighedServices(observed).map(({ routed }) => routed));
  const { canary, stable } = leadsTo(observed, rollout);
  // Of two that take turns nothing but the larger share tells which one's turn it was.
  const isPingStable = canaryOf(rollout).pingPong !== undefined && weight >= 50;
  return isPingStable
    ? { weight: 100 - weight, canary: stable, stable: canary, isPingStable }
    : { weight, canary, stable };
}

/** Without routes Pods are the weight, and what is on its way always has a higher revision than the stable version. */
const oldest = (serving: readonly ReplicaSet[]): ReplicaSet | undefined =>
  serving.filter((set) => hashOf(set) !== "").toSorted((one, other) => revisionOf(one) - revisionOf(other))[0];
