import type { PodSpec, Probe, ReplicaSet } from "@sluice/api";
import { between, type Millis, millis, seconds } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { isReady, readySince } from "../../pods/index.ts";
import { replicasOf } from "../canary/steps.ts";
import { annotations, keyIn, replicaSetKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { availableOf, type View } from "../view.ts";
import { podsOf, runningSince } from "./pods.ts";

/** How long Pods of the version on its way may run without being ready, and what that follows from. */
export interface StartLimit {
  readonly limit: Millis;
  /** What the stable version's slowest Pod took. */
  readonly stable: Millis;
  /** What its own probes allow. */
  readonly probes: Millis;
}

const shortest = seconds(60);
/** A version may start more slowly than the one before, within reason. */
const timesStable = 3;

/** Undefined where it isn't known how long the stable version's Pods took: then the deadline alone counts. */
export function startLimit({ stable, canary, rollout }: View): StartLimit | undefined {
  const took = notedStart(stable);
  if (took === undefined) return undefined;
  const probes = probeBudget(canary?.spec.template?.spec ?? rollout.spec.template?.spec);
  const deadline = seconds(rollout.spec.progressDeadlineSeconds ?? 600);
  return { limit: millis(Math.min(deadline, Math.max(shortest, timesStable * took, probes))), stable: took, probes };
}

/** Until the last of its containers is started and ready by its own probes, or has used up their tries. */
export function probeBudget(spec: PodSpec | undefined): Millis {
  const budgets = (spec?.containers ?? []).map(
    ({ startupProbe, readinessProbe }) => triesOf(startupProbe) + triesOf(readinessProbe),
  );
  return seconds(Math.max(0, ...budgets));
}

function triesOf(probe: Probe | undefined): number {
  if (probe === undefined) return 0;
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe;
  const { failureThreshold = 3, successThreshold = 1 } = probe;
  return initialDelaySeconds + periodSeconds * Math.max(failureThreshold, successThreshold) + timeoutSeconds;
}

function notedStart(set: ReplicaSet | undefined): Millis | undefined {
  const noted = Number(set?.metadata.annotations?.[annotations.startSeconds] ?? Number.NaN);
  return Number.isFinite(noted) && noted >= 0 ? seconds(noted) : undefined;
}

/**
 * How long the Pods of what everybody has took to be ready, noted once: later it can't be told from a Pod that lost its
 * readiness for a while.
 */
export function noteStart(observed: ObservedRollout, view: View): readonly Effect[] {
  const { canary: set, rollout, hash } = view;
  if (!view.isFullyPromoted || set === undefined || set.metadata.annotations?.[annotations.startSeconds] !== undefined)
    return [];
  const pods = podsOf(observed, hash);
  if (availableOf(set) < replicasOf(rollout) || !pods.every(isReady)) return [];
  const took = pods.flatMap((pod) => {
    const [from, to] = [runningSince(pod), readySince(pod)];
    return from === undefined || to === undefined ? [] : [Math.max(0, between(from, to))];
  });
  if (took.length === 0) return [];
  const noted = String(Math.ceil(Math.max(...took) / 1000));
  const key = keyIn(replicaSetKind, set.metadata.namespace, set.metadata.name);
  const value = { metadata: { annotations: { [annotations.startSeconds]: noted } } };
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}
