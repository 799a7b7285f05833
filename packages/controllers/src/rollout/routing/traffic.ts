import type { CanaryStrategy, Service, TrafficWeights, WeightDestination } from "@sluice/api";
import type { Effect } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { areAtGoal, isDraining } from "../canary/goals.ts";
import { canaryOf, isDynamic, isRouted, replicasOf, weightAt, weightBefore } from "../canary/steps.ts";
import { annotations } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { availableOf, hashOf, isFullyAvailable, type View, wantedOf } from "../view.ts";
import { subsetHashes, withSubsetHashes } from "./destination-rule.ts";
import { routedWeight, withWeight } from "./virtual-service.ts";

export interface TrafficPlan {
  readonly actions: readonly Effect[];
  /** What will be routed to the canary once the actions are done; undefined where nothing is routed. */
  readonly weight: number | undefined;
  /** The weight is the wanted one, and both sides lead to their versions. */
  readonly isSettled: boolean;
  readonly weights: TrafficWeights | undefined;
}

export function planTraffic(observed: ObservedRollout, view: View, isAborted: boolean): TrafficPlan {
  const canary = canaryOf(view.rollout);
  const switches = planServices(observed, view, canary);
  if (!isRouted(view.rollout) || observed.virtualService === undefined) {
    return {
      actions: switches.actions,
      weight: undefined,
      isSettled: switches.actions.length === 0,
      weights: undefined,
    };
  }
  const subsets = planSubsets(observed, view, canary);
  const wanted = wantedWeight(view, isAborted);
  const routed = routedWeight(observed.virtualService, canary) ?? 0;
  // Traffic is taken back whatever else is true; it is given only to a side that is seen to lead to its version.
  const leads = leadsTo(observed, canary);
  const isReady =
    isAborted ||
    ((wanted === 0 || wanted < routed || leads.canary === undefined || leads.canary === hashOfCanary(view)) &&
      (wanted === 100 || leads.stable === undefined || leads.stable === stableHash(view)));
  const weight = isReady ? wanted : routed;
  const next = withWeight(observed.virtualService, canary, weight);
  const reroute: Effect[] = next === observed.virtualService ? [] : [{ do: "update", object: next }];
  const actions = isAborted
    ? [...reroute, ...switches.actions, ...subsets]
    : [...switches.actions, ...subsets, ...reroute];
  return {
    actions,
    weight,
    isSettled: isReady && !isDraining(view) && switches.actions.length === 0 && subsets.length === 0,
    weights: weightsStatus(view, canary, weight),
  };
}

const hashOfCanary = (view: View): string => (view.canary === undefined ? "" : view.hash);
/** On the first deploy all of it is stable. */
const stableHash = (view: View): string => (view.stable === undefined ? view.hash : hashOf(view.stable));

/**
 * The canary's share. The previous weight stays until the canary has the Pods for more.
 * Source: argo-rollouts rollout/trafficrouting.go reconcileTrafficRouting.
 */
function wantedWeight(view: View, isAborted: boolean): number {
  const { canary, status, progress } = view;
  const routed = status.canary?.weights?.canary.weight;
  // As fast as the stable version's Pods can take it, where they were made fewer.
  if (isDraining(view)) return Math.min(routed ?? 0, 100 - bearable(view.stable, view));
  if (view.isFullyPromoted || view.isFirst) return 0;
  if (isAborted) {
    const isServing = isDynamic(view.rollout) && availableOf(canary) > 0;
    return isServing ? Math.min(routed ?? 0, 100 - bearable(view.stable, view)) : 0;
  }
  if (canary === undefined || availableOf(canary) === 0) return 0;
  if (status.promoteFull === true) return isDynamic(view.rollout) ? bearable(canary, view) : (routed ?? 0);
  return areAtGoal(view) ? weightAt(progress) : Math.min(weightBefore(progress), 100);
}

/** The percent of all traffic that a version's available Pods were sized for. */
function bearable(set: View["stable"], { rollout }: View): number {
  const replicas = replicasOf(rollout);
  return replicas === 0 ? 100 : Math.min(100, Math.floor((100 * availableOf(set)) / replicas));
}

function weightsStatus(view: View, canary: CanaryStrategy, weight: number): TrafficWeights {
  const side = (share: number, serviceName: string | undefined, podTemplateHash: string): WeightDestination => ({
    weight: share,
    ...(serviceName === undefined ? {} : { serviceName }),
    ...(podTemplateHash === "" ? {} : { podTemplateHash }),
  });
  return {
    canary: side(weight, canary.canaryService, view.hash),
    stable: side(100 - weight, canary.stableService, stableHash(view)),
  };
}

/** The version that each side is seen to lead to; undefined where nothing says. */
function leadsTo(observed: ObservedRollout, canary: CanaryStrategy) {
  const reference = canary.trafficRouting?.istio?.destinationRule;
  if (reference !== undefined && observed.destinationRule !== undefined) {
    const hashes = subsetHashes(observed.destinationRule, reference);
    return { canary: hashes.canary ?? "", stable: hashes.stable ?? "" };
  }
  const selected = (name: string | undefined): string | undefined => {
    if (name === undefined) return undefined;
    const hash = observed.services.get(name)?.spec?.selector?.[podHashLabel] ?? "";
    return hasEndpointsOf(observed, name, hash) ? hash : "";
  };
  return { canary: selected(canary.canaryService), stable: selected(canary.stableService) };
}

/** A selector that was just changed leads nowhere until its endpoints follow. Without any slice nothing can be said. */
function hasEndpointsOf({ endpointSlices, replicaSets }: ObservedRollout, service: string, hash: string): boolean {
  const slices = endpointSlices.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service);
  const set = replicaSets.find((candidate) => hashOf(candidate) === hash);
  // One that has no Pod to give, a broken stable version, can't be waited for.
  if (slices.length === 0 || set === undefined || availableOf(set) === 0) return true;
  return slices.some(({ endpoints }) =>
    endpoints?.some(
      ({ conditions, targetRef }) =>
        conditions?.ready !== false && targetRef?.name?.startsWith(`${set.metadata.name}-`) === true,
    ),
  );
}

function planSubsets({ destinationRule, replicaSets }: ObservedRollout, view: View, canary: CanaryStrategy): Effect[] {
  const reference = canary.trafficRouting?.istio?.destinationRule;
  if (reference === undefined || destinationRule === undefined) return [];
  // Until its Pods are there a subset stays where it was: an empty one would answer 503 (argo-rollouts#2507).
  const isThere = (hash: string): boolean =>
    replicaSets.some((set) => hashOf(set) === hash && wantedOf(set) > 0 && availableOf(set) > 0);
  const known = subsetHashes(destinationRule, reference);
  const stable = stableHash(view);
  const next = withSubsetHashes(destinationRule, reference, {
    // A subset that names no version yet must name one, or it would hold the Pods of both.
    canary: (isThere(view.hash) && !isDraining(view)) || known.canary === undefined ? view.hash : undefined,
    stable: isThere(stable) || known.stable === undefined ? stable : undefined,
  });
  return next === destinationRule ? [] : [{ do: "update", object: next }];
}

function planServices(observed: ObservedRollout, view: View, canary: CanaryStrategy): { readonly actions: Effect[] } {
  const actions: Effect[] = [];
  const aim = (name: string | undefined, set: typeof view.canary): void => {
    const service = name === undefined ? undefined : observed.services.get(name);
    if (service === undefined || set === undefined) return;
    const selected = service.spec?.selector?.[podHashLabel];
    if (selected === hashOf(set)) return;
    // A Service that already serves a version changes only to one that is there.
    if (selected !== undefined && !isFullyAvailable(set)) return;
    actions.push({ do: "update", object: withSelector(service, hashOf(set), view.rollout.metadata.name) });
  };
  aim(canary.stableService, view.stable ?? view.canary);
  if (!isDraining(view)) aim(canary.canaryService, view.canary);
  return { actions };
}

function withSelector(service: Service, hash: string, rollout: string): Service {
  return {
    ...service,
    metadata: {
      ...service.metadata,
      annotations: { ...service.metadata.annotations, [annotations.managedBy]: rollout },
    },
    spec: { ...service.spec, selector: { ...service.spec?.selector, [podHashLabel]: hash } },
  };
}
