import type { CanaryStrategy, ReplicaSet, TrafficWeights, VirtualService, WeightDestination } from "@sluice/api";
import type { PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import {
  areAtGoal,
  goalCounts,
  hasCanaryPods,
  hasNobodyToSendTo,
  hasStablePods,
  isDraining,
  ownWeight,
} from "../canary/goals.ts";
import { weightGoal } from "../canary/holdback.ts";
import { canaryOf, isDynamic, isRouted, replicasOf, weightBefore } from "../canary/steps.ts";
import { freshBaseline } from "../judging/fresh-baseline.ts";
import { isLasting } from "../lasting/marks.ts";
import type { ObservedRollout } from "../observe.ts";
import { withRings } from "../rings/routed-rings.ts";
import { pauseOf } from "../turn/pauses.ts";
import { availableOf, hashOf, isCaughtUp, isFullyAvailable, type View, wantedOf } from "../view.ts";
import { olderRuleRival, ownClaim, withClaim, withManager, withoutStale } from "./claims.ts";
import { subsetHashes, withSubsetHashes } from "./destination-rule.ts";
import { baselineShares, experimentShares, shareDestinations } from "./experiment-shares.ts";
import { type StepRoute, stepRoutes, withManagedRoutes } from "./managed-routes.ts";
import { leadsTo, type Weighed, weighedServices } from "./seen.ts";
import { switchEvent, withSelector } from "./selector.ts";
import { areTurned, managedRouteNames, type Sides, sidesOf } from "./sides.ts";
import { sumOf, withWeight } from "./virtual-service.ts";

export interface TrafficPlan {
  readonly actions: readonly Effect[];
  /** Of the weight, and of Services that change their version. */
  readonly events: readonly PlannedEvent[];
  /** What will be routed to the canary once the actions are done; undefined where nothing is routed. */
  readonly weight: number | undefined;
  /** The weight is the wanted one, and both sides lead to their versions. */
  readonly isSettled: boolean;
  readonly weights: TrafficWeights | undefined;
  /** Names of the routes that steps added; undefined without any. */
  readonly addedRoutes: readonly string[] | undefined;
  /** Whose weight is another than the one that was written last: somebody else changed it. */
  readonly meddled: readonly {
    readonly virtualService: VirtualService;
    readonly found: number;
    readonly due: number;
  }[];
}

export interface TrafficWish {
  readonly isAborted: boolean;
  /** Whether answers are still to come that may say that the version is to be taken back. */
  readonly isUnanswered: () => boolean;
}

export function planTraffic(
  observed: ObservedRollout,
  view: View,
  { isAborted, isUnanswered }: TrafficWish,
): TrafficPlan {
  const canary = canaryOf(view.rollout);
  const sides = sidesOf(view.rollout);
  const services = weighedServices(observed);
  if (!isRouted(view.rollout) || services.length === 0) {
    const { switches, events } = planServices(observed, view, sides, true);
    const isSettled = switches.length === 0;
    const unrouted = { weight: undefined, weights: undefined, addedRoutes: undefined, meddled: [] };
    return { actions: switches, events, isSettled, ...unrouted };
  }
  const baseline = freshBaseline(observed, view);
  // What is compared begins together: until the baseline is there, or is given up, the canary gets no more.
  const isAwaited = !isAborted && baseline.is === "coming";
  const routed = Math.max(...services.map((service) => service.claimed ?? service.routed));
  // What it only carries on, for a stable version of few Pods, isn't given again once that was taken.
  const due = Math.min(wantedWeight(view, isAborted), Math.max(routed, givenWeight(view, isAborted)));
  const fallen = fallenTo(view, services, due);
  const isHeld = fallen !== undefined && isUnanswered();
  const isOut = isAborted || isHeld;
  const most = isHeld ? fallen : isAwaited ? hadWeight(view) : due;
  const wanted = Math.min(due, most);
  // Traffic is taken back whatever else is true; it is given only to a side that is seen to lead to its version.
  const leads = leadsTo(observed, view.rollout);
  const canaryLeads = leads.canary === undefined || leads.canary === hashOfCanary(view);
  const stableLeads = leads.stable === undefined || leads.stable === stableHash(view);
  const isReady = isAborted || ((wanted === 0 || wanted < routed || canaryLeads) && (wanted === 100 || stableLeads));
  const weight = isReady ? wanted : routed;
  // What the version before it got isn't for the one that comes after: first the weight falls to what its steps say.
  const mayFollow = isAborted || weight <= due;
  const { switches, events } = planServices(observed, view, sides, mayFollow);
  const subsets = planSubsets(observed, view, canary, mayFollow);
  const asked = isOut ? [] : experimentShares(observed, view);
  const shares = isOut ? [] : [...asked, ...baselineShares(observed, baseline, weight, asked)];
  const managed = {
    sides,
    managed: managedRouteNames(view.rollout),
    wanted: isOut || !canaryLeads ? [] : wantedRoutes(view),
    weight,
  };
  const names = managed.wanted.map(({ name }) => name);
  const reroute = services.flatMap(({ virtualService, routes }): Effect[] => {
    const beside = shareDestinations(shares, view.rollout, virtualService);
    const hosts = beside.map(({ destination }) => destination.host);
    const added = [...names, ...hosts];
    const weighted = withWeight(virtualService, routes, sides, weight, beside);
    const whole = withManagedRoutes(weighted, { ...managed, weighed: routes, beside });
    const clean = withoutStale(whole, view.rollout, [...managed.managed, ...hosts]);
    const claimed = withClaim(clean, view.rollout, observed.rivals, { weight, added });
    const next = withRings(claimed, observed, sides);
    return next === virtualService ? [] : [{ do: "update", object: next }];
  });
  const isLess = isAborted || weight < routed;
  const actions = isLess ? [...reroute, ...switches, ...subsets] : [...switches, ...subsets, ...reroute];
  return {
    actions,
    events: [...events, ...(isHeld ? [] : weightEvents(view, weight))],
    weight,
    isSettled: isReady && !isAwaited && !isHeld && !isDraining(view) && switches.length === 0 && subsets.length === 0,
    weights: isHeld ? view.status.canary?.weights : weightsStatus(view, sides, weight, shares),
    addedRoutes: isHeld ? view.status.canary?.addedRoutes : names.length === 0 ? undefined : names,
    meddled: services.flatMap(({ virtualService, routed, claimed }) =>
      claimed === undefined || claimed === routed ? [] : [{ virtualService, found: routed, due: claimed }],
    ),
  };
}

/** Traffic was taken from it that its steps still give it, and status doesn't say so: all crashed on the way to a verdict. */
export function hasFallen(observed: ObservedRollout, view: View): boolean {
  if (!isRouted(view.rollout)) return false;
  const due = Math.min(wantedWeight(view, false), givenWeight(view, false));
  return fallenTo(view, weighedServices(observed), due) !== undefined;
}

/**
 * What it was left with where it is due more, or routes of its own, and had that; status doesn't say so: all crashed on the
 * way to a verdict, of which the answers are lost. By our own word: what somebody else changed is put right.
 */
function fallenTo(view: View, services: readonly Weighed[], due: number): number | undefined {
  const { status, hash, rollout } = view;
  const { weights, addedRoutes = [] } = status.canary ?? {};
  const { weight = 0, podTemplateHash } = weights?.canary ?? {};
  if (podTemplateHash !== hash) return undefined;
  // Where Services have changed sides there is no such word.
  const written = services.flatMap(({ claimed, routed }) => claimed ?? (areTurned(rollout) ? routed : []));
  const least = Math.min(weight, ...written);
  const kept = wantedRoutes(view).filter(({ name }) => addedRoutes.includes(name));
  const isBare = services.some(({ virtualService }) => {
    const claim = ownClaim(virtualService, rollout);
    return claim !== undefined && kept.some(({ name }) => !claim.added.includes(name));
  });
  return least < Math.min(weight, due) || isBare ? least : undefined;
}

function weightEvents({ status }: View, weight: number): readonly PlannedEvent[] {
  const before = status.canary?.weights?.canary.weight;
  if (before === undefined || weight === before) return [];
  return [
    { type: "Normal", reason: "TrafficWeightUpdated", message: `Traffic weight updated from ${before} to ${weight}` },
  ];
}

/** What the steps so far add; nothing at the end, after an abort, or where the canary has no Pod. */
function wantedRoutes(view: View): readonly StepRoute[] {
  const { canary, status, progress, revision } = view;
  if (view.isFullyPromoted || view.isFirst || revision <= 1 || status.promoteFull === true) return [];
  if (canary === undefined || availableOf(canary) === 0) return [];
  const { steps, index } = progress;
  return index === undefined || index >= steps.length ? [] : stepRoutes(steps.slice(0, index + 1));
}

const hashOfCanary = (view: View): string => (view.canary === undefined ? "" : view.hash);
/** On the first deploy all of it is stable. */
const stableHash = (view: View): string => (view.stable === undefined ? view.hash : hashOf(view.stable));

/**
 * The canary's share. The previous weight stays until the canary has the Pods for more, also where nothing but the number of
 * Pods changed: the original falls back to the last setWeight before this step then, and users change version for it.
 * Source: argo-rollouts rollout/trafficrouting.go reconcileTrafficRouting.
 */
function wantedWeight(view: View, isAborted: boolean): number {
  const weight = stepsWeight(view, isAborted);
  // Requests that already get code whose data can't be undone don't fall back to the old one because Pods are missing.
  if (isAborted || !isLasting(view) || view.isFullyPromoted || isDraining(view)) return weight;
  return Math.max(weight, Math.min(hadWeight(view), weightGoal(view)));
}

/** What was given so far, be it to a version before it that hands over. */
const hadWeight = (view: View): number => Math.max(ownWeight(view), view.status.canary?.weights?.canary.weight ?? 0);

/** What its steps give it by now, at the most. */
function givenWeight(view: View, isAborted: boolean): number {
  if (isAborted || view.isFirst || view.isFullyPromoted) return 0;
  return view.status.promoteFull === true ? 100 : weightGoal(view);
}

function stepsWeight(view: View, isAborted: boolean): number {
  const { canary, status, progress } = view;
  const routed = status.canary?.weights?.canary.weight;
  // As fast as the stable version's Pods can take it, where they were made fewer.
  if (isDraining(view)) return carried(routed ?? 0, view);
  if (view.isFullyPromoted || view.isFirst) return 0;
  if (isAborted) {
    const isServing = isDynamic(view.rollout) && availableOf(canary) > 0;
    return isServing ? carried(routed ?? 0, view) : 0;
  }
  if (canary === undefined || availableOf(canary) === 0) return 0;
  if (status.promoteFull === true)
    return isDynamic(view.rollout) ? orBorne(bearable(canary, view), view) : ownWeight(view);
  // Where its last Pod is asked to go, requests go first.
  if (hasNobodyToSendTo(view)) return isDynamic(view.rollout) && !hasStablePods(view) ? orBorne(0, view) : 0;
  const goal = weightGoal(view);
  // A person is asked first whether it goes on in spite of what is known by now.
  if (status.notRevertible?.stoppedFor !== undefined && pauseOf(view, "NotRevertible") !== undefined) {
    return Math.min(goal, ownWeight(view));
  }
  // Of Pods that were asked to go some may be counted still: nobody is sent there anew before they are gone or stay.
  const isSteady = isCaughtUp(canary) && availableOf(canary) <= wantedOf(canary);
  const own = ownWeight(view);
  const kept = Math.min(
    goal,
    isSteady ? Math.max(weightBefore(progress), own) : Math.min(own, view.routed?.least ?? own),
  );
  // A person who holds it still doesn't want to see more users on it a minute later, whatever the steps come to say.
  if (areAtGoal(view)) return view.rollout.spec.paused === true ? kept : goal;
  return isDynamic(view.rollout) ? orBorne(kept, view) : kept;
}

/** Or what the canary still has to carry of what it has, since a stable version that was made smaller can't take it yet. */
const orBorne = (weight: number, view: View): number => Math.max(weight, carried(ownWeight(view), view));

/** The percent of all traffic that a version's available Pods were sized for; those that were asked to go count no more. */
function bearable(set: View["stable"], { rollout }: View): number {
  const replicas = replicasOf(rollout);
  const staying = Math.min(availableOf(set), wantedOf(set));
  return replicas === 0 ? 100 : Math.min(100, Math.floor((100 * staying) / replicas));
}

/** What of this the canary still has to carry. Until the stable version has heard what it is asked for, nobody knows who stays. */
function carried(weight: number, view: View): number {
  const isKnown = view.stable === undefined || isCaughtUp(view.stable) || replicasOf(view.rollout) === 0;
  return isKnown ? Math.min(weight, 100 - bearable(view.stable, view)) : weight;
}

function weightsStatus(
  view: View,
  sides: Sides,
  weight: number,
  additional: readonly WeightDestination[],
): TrafficWeights {
  const side = (share: number, serviceName: string | undefined, podTemplateHash: string): WeightDestination => ({
    weight: share,
    ...(serviceName === undefined ? {} : { serviceName }),
    ...(podTemplateHash === "" ? {} : { podTemplateHash }),
  });
  return {
    canary: side(weight, sides.canaryService, view.hash),
    stable: side(100 - weight - sumOf(additional), sides.stableService, stableHash(view)),
    ...(additional.length === 0 ? {} : { additional }),
  };
}

/** Where no Pod is asked for none is waited for: once somebody asks for some again both sides lead to their versions. */
const isUnwanted = (view: View, set: ReplicaSet): boolean =>
  replicasOf(view.rollout) === 0 && goalCounts(view, false)[set === view.canary ? "canary" : "stable"] === 0;

function planSubsets(observed: ObservedRollout, view: View, canary: CanaryStrategy, mayFollow: boolean): Effect[] {
  const { destinationRule, replicaSets, ruleRival } = observed;
  const reference = canary.trafficRouting?.istio?.destinationRule;
  if (reference === undefined || destinationRule === undefined) return [];
  if (olderRuleRival(view.rollout, ruleRival) !== undefined) return [];
  const known = subsetHashes(destinationRule, reference);
  const setOf = (hash: string | undefined) => replicaSets.find((set) => hashOf(set) === hash);
  // Until its Pods are all there a subset stays where it was: an empty one would answer 503 (argo-rollouts#2507).
  // One that names no version would hold the Pods of both; one without any Pod is better off with a few.
  const next = (side: string | undefined, hash: string, isEnough: boolean): string | undefined => {
    const set = setOf(hash);
    if (side === undefined || side === hash) return hash;
    if (set !== undefined && isUnwanted(view, set)) return hash;
    if (set === undefined || availableOf(set) === 0) return undefined;
    return isFullyAvailable(set) || isEnough || availableOf(setOf(side)) === 0 ? hash : undefined;
  };
  const isKept = isDraining(view) || (!mayFollow && availableOf(setOf(known.canary)) > 0);
  const hashed = withSubsetHashes(destinationRule, reference, {
    canary: isKept && known.canary !== undefined ? undefined : next(known.canary, view.hash, areAtGoal(view)),
    stable: next(known.stable, stableHash(view), view.isFullyPromoted && hasCanaryPods(view, replicasOf(view.rollout))),
  });
  const rule = withManager(hashed, view.rollout);
  return rule === destinationRule ? [] : [{ do: "update", object: rule }];
}

function planServices(observed: ObservedRollout, view: View, sides: Sides, mayFollow: boolean) {
  const switches: Effect[] = [];
  const events: PlannedEvent[] = [];
  const hasPingPong = canaryOf(view.rollout).pingPong !== undefined;
  const { replicaSets } = observed;
  const aim = (name: string | undefined, set: typeof view.canary, mayChange: boolean, isIdle: boolean): void => {
    const service = name === undefined ? undefined : observed.services.get(name);
    if (service === undefined || set === undefined) return;
    const selected = service.spec?.selector?.[podHashLabel];
    if (selected === hashOf(set)) return;
    // A Service that already serves a version changes only to one that is there, all of it; nobody at all is worse.
    const serving = replicaSets.find((candidate) => hashOf(candidate) === selected);
    const isLost = serving === undefined || (mayChange && availableOf(serving) === 0);
    const isBetter = isLost && !isIdle && availableOf(set) > 0;
    const isEnough = isFullyAvailable(set) || isUnwanted(view, set);
    if (selected !== undefined && !isBetter && !(mayChange && isEnough)) return;
    switches.push({ do: "update", object: withSelector(service, hashOf(set), view.rollout.metadata.name) });
    events.push(switchEvent(service, hashOf(set)));
  };
  // Of two that take turns only the one without traffic changes its version, and only for one that begins.
  aim(sides.stableService, view.stable ?? view.canary, !hasPingPong, false);
  if (!isDraining(view)) {
    aim(sides.canaryService, view.canary, mayFollow && (!hasPingPong || !view.isFullyPromoted), view.isFullyPromoted);
  }
  return { switches, events };
}
