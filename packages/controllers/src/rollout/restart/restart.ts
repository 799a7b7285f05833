import type { Pod } from "@sluice/api";
import { after, type Instant, parseInstant, seconds } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { surgeLimits } from "../canary/replicas/limits.ts";
import { limitedBy, replicasOf } from "../canary/steps.ts";
import { keyIn, podKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { hashOf, type View, wantedOf } from "../view.ts";
import { evictable } from "./budgets.ts";

export interface RestartPlan {
  readonly actions: readonly Effect[];
  /** Undefined while it goes on, or where none is asked for. */
  readonly restartedAt: string | undefined;
  readonly wakeAt: Instant | undefined;
}

/** From when on Pods must be younger; undefined where no restart is asked for, or it is done. */
function restartDue({ rollout, status }: View): { readonly restartAt: string; readonly at: Instant } | undefined {
  const { restartAt } = rollout.spec;
  const at = parseInstant(restartAt ?? "");
  if (restartAt === undefined || at === undefined || status.restartedAt === restartAt) return undefined;
  return { restartAt, at };
}

/** Pods of the new version that a restart may have taken already, and nobody has heard of it. */
export function mayBeTaken({ pods }: ObservedRollout, view: View, now: Instant): readonly Pod[] {
  const due = restartDue(view);
  if (due === undefined || now < due.at) return [];
  return pods.filter(
    (pod) =>
      pod.metadata.labels?.[podHashLabel] === view.hash &&
      pod.metadata.deletionTimestamp === undefined &&
      isOlder(pod, due.at, now),
  );
}

const isOlder = ({ metadata }: Pod, at: Instant, now: Instant): boolean =>
  (parseInstant(metadata.creationTimestamp ?? "") ?? now) < at;

/** Nothing in this turn; one that is asked for is looked at in the next. */
export const noRestart = ({ status }: View): RestartPlan => ({
  actions: [],
  restartedAt: status.restartedAt,
  wakeAt: undefined,
});

/** Replaces Pods older than restartAt, as many at once as may be missing and as budgets allow. Source: argo-rollouts rollout/restart.go. */
export function planRestart(observed: ObservedRollout, view: View, now: Instant): RestartPlan {
  const idle = noRestart(view);
  const due = restartDue(view);
  if (due === undefined) return idle;
  const { restartAt, at } = due;
  if (now < at) return { ...idle, wakeAt: at };

  const order = [view.stable, view.canary, ...view.older].flatMap((set) => (set === undefined ? [] : [hashOf(set)]));
  const rank = (pod: Pod): number => order.indexOf(pod.metadata.labels?.[podHashLabel] ?? "");
  // What was taken back is kept for a look, and isn't waited for: it may never be well.
  const isKept = (hash: string | undefined) => view.status.abort === true && hash === view.hash;
  const sets = observed.replicaSets.filter((set) => !isKept(hashOf(set)));
  const old = observed.pods
    .filter(({ metadata }) => !isKept(metadata.labels?.[podHashLabel]))
    .filter((pod) => isOlder(pod, at, now))
    .toSorted((a, b) => rank(a) - rank(b));
  if (old.length === 0) return { actions: [], restartedAt: restartAt, wakeAt: undefined };
  const { maxUnavailable } = surgeLimits(limitedBy(view.rollout), replicasOf(view.rollout));
  const wanted = sets.reduce((sum, set) => sum + wantedOf(set), 0);
  const available = sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
  const staying = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  // A ReplicaSet that hasn't looked yet counts a Pod that leaves as available: each makes room only once it is gone.
  const leaving = old.length - staying.length;
  const room = Math.max(1, maxUnavailable) - Math.max(0, wanted - available) - leaving;
  return {
    actions: evictable(staying, observed.budgets, observed.replicaSets)
      .slice(0, Math.max(0, room))
      .map(({ metadata }): Effect => ({ do: "delete", key: keyIn(podKind, metadata.namespace, metadata.name) })),
    restartedAt: view.status.restartedAt,
    wakeAt: after(now, seconds(30)),
  };
}
