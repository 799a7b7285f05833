import type {
  Application,
  ApplicationSource,
  Operation,
  OperationState,
  Resource,
  ResourceResult,
  RetryStrategy,
  SyncOperation,
} from "@sluice/api";
import {
  after,
  between,
  formatInstant,
  type Instant,
  type Millis,
  parseInstant,
  seconds,
  type TaskState,
  unreachable,
} from "@sluice/kernel";
import { applicable, type Comparison, type LiveState } from "../comparison/compare.ts";
import { noClaims } from "../comparison/overlay.ts";
import { keyOfReference } from "../comparison/resource-reference.ts";
import { healthOf } from "../health/health.ts";
import type { ApplyOutcome, ApplyResult, ApplyStep, ApplyWork } from "./apply-manifests.ts";
import { mayRetry, retryAt } from "./backoff.ts";
import { parseSyncOptions, type SyncOptions } from "./sync-options.ts";
import { type SyncGroup, type SyncTask, syncGroups } from "./sync-tasks.ts";

/** A sync under way: what has to be done, and how far it is. */
export interface SyncProgress {
  readonly groups: readonly SyncGroup[];
  /** The first group that isn't recorded in status; `groups.length` when all are. */
  readonly index: number;
  /** How many results are recorded. */
  readonly recorded: number;
}

/** What an operation decides next. The caller writes `state` and carries out the rest. */
export type OperationStep =
  | { readonly is: "waiting"; readonly because: string; readonly wakeAt?: Instant }
  | {
      readonly is: "starting";
      readonly id: string;
      readonly work: ApplyWork;
      readonly because: string;
      readonly isRestart: boolean;
    }
  | { readonly is: "moving"; readonly state: OperationState; readonly because: string; readonly wakeAt?: Instant }
  | { readonly is: "finished"; readonly state: OperationState; readonly because: string };

export const isRunning = (state: OperationState | undefined): state is OperationState =>
  state !== undefined && (state.phase === "Running" || state.phase === "Terminating");

/** After a failed attempt: waiting for the next one. */
export const isAwaitingRetry = (state: OperationState): boolean =>
  state.phase === "Running" && state.finishedAt !== undefined;

export const sourceOfOperation = (application: Application, operation: Operation): ApplicationSource | undefined =>
  operation.sync?.source ?? application.spec.source;

export const optionsOf = (application: Application, sync: SyncOperation): SyncOptions =>
  parseSyncOptions(sync.syncOptions ?? application.spec.syncPolicy?.syncOptions ?? []).options;

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

const textOfResult = ({ group, kind, namespace, name }: ResourceResult): string =>
  `${group}/${kind}:${namespace}/${name}`;

const recordedIn = ({ syncResult }: OperationState): ReadonlySet<string> =>
  new Set((syncResult?.resources ?? []).map(textOfResult));

/**
 * The tasks that this attempt may have started so far, oldest first: by status alone, so that they are known where its
 * manifests no longer are. Recorded results number them, since groups shrink as what is pruned goes.
 */
export function groupTaskIds({ metadata }: Application, state: OperationState): readonly string[] {
  // Times are whole seconds: what a newer revision superseded may have begun in the same one.
  const attempt = `${state.startedAt}.${state.retryCount ?? 0}.${state.operation.sync?.revision ?? ""}`;
  const numbers = Array.from({ length: recordedIn(state).size + 1 }, (_, recorded) => recorded);
  return numbers.map((recorded) => `application/${metadata.uid}/sync/${attempt}/${recorded}`);
}

/** That of the group that is next. */
const groupTaskId = (application: Application, state: OperationState): string =>
  groupTaskIds(application, state).at(-1) as string;

export interface OperationView {
  readonly application: Application;
  readonly state: OperationState;
  readonly revision: string;
  readonly comparisons: readonly Comparison[];
  readonly live: LiveState;
  readonly progress: SyncProgress;
  /** The task of the group that is next, and of the one before. */
  readonly current: TaskState<ApplyResult>;
  readonly previous: TaskState<ApplyResult>;
  /** Whether the destination namespace is there; undefined where there is none. */
  readonly isNamespaceThere: boolean | undefined;
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

function workOf(view: OperationView, group: SyncGroup): ApplyWork {
  const { application, state, progress, isNamespaceThere } = view;
  const sync = state.operation.sync ?? {};
  const options = optionsOf(application, sync);
  const isFirst = progress.index === 0;
  const namespace =
    isFirst && options.createNamespace && isNamespaceThere === false ? namespaceOf(application) : undefined;
  const steps = (tasks: readonly SyncTask[]) =>
    tasks.map((task) => stepOf(view, task, options)).filter((step) => step !== undefined);
  const coming = new Set(namespace === undefined ? [] : [namespace.metadata.name]);
  for (const { resource } of progress.groups.flatMap(({ tasks }) => tasks)) {
    if (resource.kind === "Namespace") coming.add(resource.metadata.name);
  }
  const triable = (task: SyncTask) =>
    task.act === "apply" && !task.comparison.target?.isKindNew && !coming.has(task.resource.metadata.namespace ?? "");
  return {
    do: "applyManifests",
    dryRun: isFirst ? steps(progress.groups.flatMap(({ tasks }) => tasks).filter(triable)) : [],
    steps: sync.dryRun ? [] : steps(group.tasks),
    ...(namespace === undefined || sync.dryRun ? {} : { namespace }),
  };
}

/** What Rollouts write into. */
const routed: ReadonlySet<string> = new Set(["VirtualService", "DestinationRule", "Service"]);

function stepOf({ application, live }: OperationView, task: SyncTask, options: SyncOptions): ApplyStep | undefined {
  const { comparison, text } = task;
  const object = live.objects.get(text);
  if (task.act === "prune") {
    if (object?.metadata.uid === undefined) return undefined;
    const key = keyOfReference(comparison.reference);
    return { act: "prune", text, key, uid: object.metadata.uid, propagation: options.prunePropagation };
  }
  const { target } = comparison;
  if (task.act !== "apply" || target === undefined) return undefined;
  const rules = application.spec.ignoreDifferences ?? [];
  const desired = applicable(
    target,
    object,
    live.claims.get(text) ?? noClaims,
    rules,
    options.respectIgnoreDifferences,
  );
  // Where nothing of others stands yet, a Rollout may have written before this comes to it.
  const mayMoveOn = desired !== target.resource || routed.has(desired.kind);
  const resourceVersion = mayMoveOn ? object?.metadata.resourceVersion : undefined;
  return {
    act: "apply",
    text,
    object: desired,
    isReplace: target.options.replace ?? options.replace,
    isValidated: target.options.validate ?? options.validate,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function namespaceOf({ spec }: Application): Resource | undefined {
  const name = spec.destination.namespace;
  if (name === undefined || name === "") return undefined;
  const { labels, annotations } = spec.syncPolicy?.managedNamespaceMetadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

const successMessage = ({ progress, state }: OperationView): string => {
  if (state.operation.sync?.dryRun) return "successfully synced (dry run)";
  return progress.groups.length === 0 ? "successfully synced (no more tasks)" : "successfully synced (all tasks run)";
};

/** Ends the attempt. Another one follows while the retry strategy allows, as Argo CD writes it. */
export function failed(
  state: OperationState,
  message: string,
  now: Instant,
  phase: "Failed" | "Error" = "Failed",
): OperationStep {
  const strategy: RetryStrategy = state.operation.retry ?? {};
  const attempts = state.retryCount ?? 0;
  if (!mayRetry(attempts, strategy) || state.phase === "Terminating") {
    return finished(state, phase, attempts > 0 ? `${message} (retried ${attempts} times).` : message, now);
  }
  const due = retryAt(now, attempts, strategy);
  return {
    is: "moving",
    state: {
      ...state,
      phase: "Running",
      finishedAt: formatInstant(now),
      retryCount: attempts + 1,
      message: `${message}. Retrying attempt #${attempts + 1} at ${kitchen(due)}.`,
    },
    because: message,
    wakeAt: due,
  };
}

export function finished(
  state: OperationState,
  phase: OperationState["phase"],
  message: string,
  now: Instant,
): OperationStep {
  return { is: "finished", state: { ...state, phase, message, finishedAt: formatInstant(now) }, because: message };
}

/** The attempt after a failed one: results are forgotten, the count stays. */
export function nextAttempt(state: OperationState, now: Instant): OperationStep {
  const finishedAt = parseInstant(state.finishedAt ?? "") ?? now;
  const due = retryAt(finishedAt, (state.retryCount ?? 1) - 1, state.operation.retry ?? {});
  if (now < due) return { is: "waiting", because: state.message ?? "waiting to retry", wakeAt: due };
  const { finishedAt: _, syncResult, ...rest } = state;
  const { resources: __, ...result } = syncResult ?? { revision: "" };
  return {
    is: "moving",
    state: { ...rest, syncResult: result },
    because: `retrying attempt #${state.retryCount ?? 1}`,
  };
}

// Go's time.Kitchen, in UTC.
function kitchen(at: Instant): string {
  const text = formatInstant(at);
  const hour = Number(text.slice(11, 13));
  return `${hour % 12 === 0 ? 12 : hour % 12}:${text.slice(14, 16)}${hour < 12 ? "AM" : "PM"}`;
}
