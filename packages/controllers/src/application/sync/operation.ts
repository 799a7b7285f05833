import type { Application, ApplicationSource, Operation, OperationState, ResourceResult } from "@sluice/api";
import { after, between, type Instant, type Millis, seconds, type TaskState, unreachable } from "@sluice/kernel";
import type { Comparison } from "../comparison/compare.ts";
import { healthOf } from "../health/health.ts";
import type { ApplyOutcome, ApplyResult } from "./apply-manifests.ts";
import { failed, finished, groupTaskIds, type OperationStep, recordedIn } from "./attempt.ts";
import { optionsOf, type SyncProgress, type SyncView, workOf } from "./group-work.ts";
import { type SyncGroup, type SyncTask, syncGroups } from "./sync-tasks.ts";

export const isRunning = (state: OperationState | undefined): state is OperationState =>
  state !== undefined && (state.phase === "Running" || state.phase === "Terminating");

/** After a failed attempt: waiting for the next one. */
export const isAwaitingRetry = (state: OperationState): boolean =>
  state.phase === "Running" && state.finishedAt !== undefined;

export const sourceOfOperation = (application: Application, operation: Operation): ApplicationSource | undefined =>
  operation.sync?.source ?? application.spec.source;

/** Pure, from status and what is compared: which group is next. */
export function progressOf(
  application: Application,
  state: OperationState,
  comparisons: readonly Comparison[],
): SyncProgress {
  const sync = state.operation.sync ?? {};
  const groups = syncGroups(comparisons, sync, optionsOf(application, sync));
  const recorded = recordedIn(state);
  const index = groups.findIndex(({ tasks }) => tasks.some(({ text }) => !recorded.has(text)));
  return {
    groups,
    index: index === -1 ? groups.length : index,
    recorded: recorded.size,
  };
}

/** That of the group that is next. */
const groupTaskId = (application: Application, state: OperationState): string =>
  groupTaskIds(application, state).at(-1) as string;

export interface OperationView extends SyncView {
  readonly revision: string;
  readonly comparisons: readonly Comparison[];
  /** The task of the group that is next, and of the one before. */
  readonly current: TaskState<ApplyResult>;
  readonly previous: TaskState<ApplyResult>;
  readonly waveDelay: Millis;
}

/** How long writes may take to come back through the watch before they are believed. */
const echoWait = seconds(5);
const newsWait = seconds(0.1);

/** Decides the next step of a sync whose manifests are there. */
export function planSync(view: OperationView, now: Instant): OperationStep {
  const { state, progress } = view;
  const { groups, index } = progress;
  const waiting = progress.recorded === 0 ? undefined : waitFor(view, index < groups.length, now);
  if (waiting !== undefined) return waiting;
  const group = groups[index];
  if (group === undefined) return finished(state, "Succeeded", successMessage(view), now);
  return planGroup(view, group, now);
}

function planGroup(view: OperationView, group: SyncGroup, now: Instant): OperationStep {
  const { application, current, state } = view;
  const id = groupTaskId(application, state);
  switch (current.is) {
    case "absent":
      return { is: "starting", id, work: workOf(view, group), because: `syncing wave ${group.wave}`, isRestart: false };
    case "running":
      return { is: "waiting", because: `wave ${group.wave} is being applied` };
    case "refused":
      return failed(state, current.fault.message, now);
    case "done": {
      const { isDryRunRefused, outcomes } = current.result;
      if (!isDryRunRefused && outcomes.some(({ is }) => is === "conflict")) {
        // What moved on may not be seen yet: at once it would be refused again, and again.
        const again = after(current.finishedAt, newsWait);
        if (now < again) return { is: "waiting", because: "a live value moved on", wakeAt: again };
        return {
          is: "starting",
          id,
          work: workOf(view, group),
          because: "a live value moved on: applied again",
          isRestart: true,
        };
      }
      const unseen = isDryRunRefused ? undefined : notSeenYet(view, outcomes);
      if (unseen !== undefined && between(current.finishedAt, now) < echoWait) {
        return {
          is: "waiting",
          because: `waiting to see ${unseen} as it was written`,
          wakeAt: after(current.finishedAt, echoWait),
        };
      }
      return recorded(view, group, current.result, now);
    }
    default:
      return unreachable(current);
  }
}

/** A write of ours that the watch hasn't brought yet: comparing before would find drift where there is none. */
function notSeenYet({ live }: OperationView, outcomes: readonly ApplyOutcome[]): string | undefined {
  return outcomes.find(({ text, is, resourceVersion }) => {
    if (is !== "applied" || resourceVersion === undefined) return false;
    return Number(live.objects.get(text)?.metadata.resourceVersion ?? 0) < Number(resourceVersion);
  })?.text;
}

function recorded(
  view: OperationView,
  group: SyncGroup,
  { isDryRunRefused, outcomes }: ApplyResult,
  now: Instant,
): OperationStep {
  const { state, progress } = view;
  const byText = new Map(outcomes.map((outcome) => [outcome.text, outcome]));
  const tasks = isDryRunRefused ? progress.groups.flatMap((each) => each.tasks) : group.tasks;
  const results = tasks
    .filter((task) => (isDryRunRefused ? byText.has(task.text) : isDone(view, task, byText)))
    .map((task) => resultOf(task, byText.get(task.text), state.operation.sync?.dryRun === true));
  if (results.length === 0) return failed(state, "nothing of the wave was applied", now);
  const resources = [...(state.syncResult?.resources ?? []), ...results];
  const next: OperationState = {
    ...state,
    syncResult: { ...state.syncResult, revision: view.revision, resources },
  };
  const bad = outcomes.filter(({ is }) => is === "refused" || is === "unavailable");
  if (isDryRunRefused) {
    return failed(next, `one or more synchronization tasks are not valid: ${reasons(view, bad)}`, now);
  }
  if (bad.length > 0) return failed(next, `one or more objects failed to apply, reason: ${reasons(view, bad)}`, now);
  const isLast = progress.index === progress.groups.length - 1;
  if (isLast && !group.tasks.some(({ act }) => act === "prune"))
    return finished(next, "Succeeded", successMessage(view), now);
  const wakeAt = isLast ? undefined : after(now, view.waveDelay);
  return {
    is: "moving",
    state: {
      ...next,
      message: isLast ? "waiting for pruned resources to go" : `waiting for healthy state of wave ${group.wave}`,
    },
    because: `wave ${group.wave} is applied`,
    ...(wakeAt === undefined ? {} : { wakeAt }),
  };
}

/** Its write was answered, or there was none to make. */
const isDone = (
  { state, live }: OperationView,
  { act, text }: SyncTask,
  outcomes: ReadonlyMap<string, ApplyOutcome>,
): boolean =>
  outcomes.has(text) ||
  act === "skipPrune" ||
  state.operation.sync?.dryRun === true ||
  (act === "prune" && live.objects.get(text) === undefined);

const reasons = ({ comparisons }: OperationView, outcomes: readonly ApplyOutcome[]): string =>
  outcomes
    .slice(0, 5)
    .map(({ text, message }) => {
      const target = comparisons.find((comparison) => comparison.text === text)?.target;
      return target === undefined ? `${text}: ${message}` : `${target.file}:${target.line}: ${message}`;
    })
    .join("; ");

function resultOf(task: SyncTask, outcome: ApplyOutcome | undefined, isDryRun: boolean): ResourceResult {
  const { group, version, kind, namespace, name } = task.comparison.reference;
  const base = { group, version, kind, namespace, name, syncPhase: "Sync" } as const;
  if (task.act === "skipPrune")
    return { ...base, status: "PruneSkipped", message: task.why ?? "", hookPhase: "Succeeded" };
  const message = outcome?.message ?? (isDryRun ? "dry run" : "");
  if (outcome === undefined) {
    return { ...base, status: task.act === "prune" ? "Pruned" : "Synced", message, hookPhase: "Succeeded" };
  }
  if (outcome.is === "pruned") return { ...base, status: "Pruned", message, hookPhase: "Succeeded" };
  if (outcome.is === "applied") return { ...base, status: "Synced", message, hookPhase: "Running" };
  return { ...base, status: "SyncFailed", message, hookPhase: "Failed" };
}

/** Pruned objects must be gone; before another wave what was applied must be healthy, and the delay over. */
function waitFor(view: OperationView, isMore: boolean, now: Instant): OperationStep | undefined {
  const { live, state, previous, waveDelay, progress } = view;
  const recorded = recordedIn(state);
  for (const task of progress.groups.flatMap(({ tasks }) => tasks)) {
    if (!recorded.has(task.text)) continue;
    const object = live.objects.get(task.text);
    if (task.act === "prune" && object !== undefined && object.metadata.uid === task.comparison.live?.metadata.uid) {
      return { is: "waiting", because: `waiting for deletion of ${task.text}` };
    }
    if (task.act !== "apply" || !isMore) continue;
    const health = object === undefined ? { status: "Missing" as const, message: "" } : healthOf(object);
    if (health === undefined || health.status === "Healthy") continue;
    if (health.status === "Degraded") {
      return failed(
        state,
        `one or more synchronization tasks completed unsuccessfully: ${task.text}: ${health.message ?? ""}`,
        now,
      );
    }
    return { is: "waiting", because: `waiting for healthy state of ${task.text}` };
  }
  if (!isMore || previous.is !== "done") return undefined;
  const due = after(previous.finishedAt, waveDelay);
  return now < due ? { is: "waiting", because: `waiting ${waveDelay / 1000} s between waves`, wakeAt: due } : undefined;
}

const successMessage = ({ progress, state }: OperationView): string => {
  if (state.operation.sync?.dryRun) return "successfully synced (dry run)";
  return progress.groups.length === 0 ? "successfully synced (no more tasks)" : "successfully synced (all tasks run)";
};
