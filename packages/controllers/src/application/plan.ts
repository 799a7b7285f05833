import type { Application, Operation, OperationState } from "@sluice/api";
import { keyOf } from "@sluice/api";
import {
  after,
  formatInstant,
  type Instant,
  type Millis,
  type PlannedEvent,
  sameJson,
  seconds,
  unreachable,
} from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import type { ApplicationPlan } from "./application-plan.ts";
import { planDeletion } from "./deletion.ts";
import { annotations } from "./names.ts";
import type { Observed, ObservedOperation, ObservedSource } from "./observe.ts";
import { sourceTaskId } from "./observe.ts";
import { operationRefusal } from "./spec-refusals.ts";
import { type Comparing, nextStatus, type StatusChange, statusEvents } from "./status.ts";
import { failed, finished, groupTaskIds, nextAttempt, type OperationStep } from "./sync/attempt.ts";
import { planAutoSync } from "./sync/auto-sync.ts";
import { optionsOf } from "./sync/group-work.ts";
import { withHistory } from "./sync/history.ts";
import { isAwaitingRetry, isRunning, planSync, sourceOfOperation } from "./sync/operation.ts";

export interface PlanOptions {
  /** Between waves, as Argo CD's ARGOCD_SYNC_WAVE_DELAY. */
  readonly waveDelay: Millis;
}

/** After a fetch that failed: when to ask again, unless something wakes it earlier. */
const fetchRetry = seconds(10);

/** Decides everything about one Application. Pure. */
export function planApplication(observed: Observed, now: Instant, options: PlanOptions): ApplicationPlan {
  const { application, source, operation } = observed;
  if (application.metadata.deletionTimestamp !== undefined) return planDeletion(observed);
  const refresh = application.metadata.annotations?.[annotations.refresh];
  if (refresh !== undefined) return planRefresh(application, source);
  const { operation: asked } = application;
  if (asked !== undefined && isRunning(operation?.state) && sameJson(asked, operation?.state.operation)) {
    return { actions: [takeOff(application, asked)], because: "the operation has begun" };
  }
  const fetch = planFetch(observed, now);
  const comparing = comparingOf(observed);
  const next =
    operation === undefined
      ? planIdle(observed, comparing, now)
      : planRunning(observed, operation, comparing, now, options);
  const status = nextStatus(observed, { comparing, ...next.change }, now);
  return {
    actions: [...forgetOldSource(application), ...fetch.actions, ...next.actions],
    status,
    because: next.because ?? fetch.because ?? "in step with git",
    events: [...(next.events ?? []), ...statusEvents(application.status, status)],
    ...earliest(fetch.wakeAt, next.wakeAt),
  };
}

/** What one part of the plan contributes. */
interface Part {
  readonly actions: readonly Effect[];
  readonly because?: string;
  readonly change?: Omit<StatusChange, "comparing">;
  readonly events?: readonly PlannedEvent[];
  readonly wakeAt?: Instant;
}

/** The annotation goes first: a push after that is announced again, one before it is fetched now. */
function planRefresh(application: Application, source: ObservedSource | undefined): ApplicationPlan {
  const value = { metadata: { annotations: { [annotations.refresh]: null } } };
  return {
    actions: [
      { do: "patch", key: keyOf(application), patch: { type: "merge", value } },
      ...(source === undefined ? [] : restart(source)),
    ],
    because: "a refresh was asked for",
  };
}

const restart = ({ id, work }: ObservedSource): readonly Effect[] => [
  { do: "cancelTask", id },
  { do: "startTask", id, work },
];

function planFetch({ source }: Observed, now: Instant): Part {
  if (source === undefined) return { actions: [] };
  switch (source.state.is) {
    case "absent":
      return { actions: [{ do: "startTask", id: source.id, work: source.work }], because: "fetching manifests" };
    case "running":
      return { actions: [], because: "fetching manifests" };
    case "refused": {
      const due = after(source.state.finishedAt, fetchRetry);
      return now < due
        ? { actions: [], because: source.state.fault.message, wakeAt: due }
        : { actions: restart(source), because: "fetching again" };
    }
    case "done":
      return { actions: [] };
    default:
      return unreachable(source.state);
  }
}

/** The task of a source that the spec no longer names. */
function forgetOldSource(application: Application): readonly Effect[] {
  const old = application.status?.sync?.comparedTo?.source;
  const { source } = application.spec;
  if (old === undefined || source === undefined || sameJson(old, source)) return [];
  return [{ do: "cancelTask", id: sourceTaskId(application, old) }];
}

function comparingOf({ refusals, source, comparisons }: Observed): Comparing {
  if (refusals.length > 0) return { is: "invalid", refusals };
  if (source?.state.is === "refused") return { is: "failed", errors: [source.state.fault.message] };
  if (source?.rendered === undefined || source.targets === undefined) return { is: "fetching" };
  const { targets, rendered } = source;
  return targets.errors.length > 0
    ? { is: "failed", errors: targets.errors }
    : { is: "compared", revision: rendered.revision, targets, comparisons };
}

/** No sync is under way: one may begin. */
function planIdle({ application, source }: Observed, comparing: Comparing, now: Instant): Part {
  if (application.operation !== undefined) return begin(application, application.operation, comparing, now);
  if (comparing.is !== "compared")
    return { actions: [], ...(comparing.is === "failed" ? { because: comparing.errors[0] ?? "" } : {}) };
  // While a newer fetch runs, what is known may be old news: the sync waits for it.
  if (source?.state.is !== "done") return keepSyncError(application);
  const decision = planAutoSync(application, comparing.revision, comparing.comparisons, now);
  switch (decision.is) {
    case "nothing":
      return { actions: [], because: decision.because };
    case "later":
      return { actions: [], because: decision.because, wakeAt: decision.wakeAt };
    case "blocked":
      return { actions: [], because: decision.message, change: { syncError: decision.message } };
    case "sync":
      return {
        actions: [],
        because: decision.because,
        change: { operationState: beginning(application, decision.operation, comparing.revision, now) },
        events: [
          {
            type: "Normal",
            reason: "OperationStarted",
            message: `Initiated automated sync to '${comparing.revision}'`,
          },
        ],
      };
    default:
      return unreachable(decision);
  }
}

function keepSyncError({ status }: Application): Part {
  const known = status?.conditions?.find(({ type }) => type === "SyncError");
  return { actions: [], ...(known === undefined ? {} : { change: { syncError: known.message } }) };
}

function begin(application: Application, operation: Operation, comparing: Comparing, now: Instant): Part {
  const sync = operation.sync ?? {};
  const isMain = sync.source === undefined && (sync.revision ?? "") === "";
  if (isMain && comparing.is === "fetching") return { actions: [], because: "an operation waits for manifests" };
  const revision = isMain && comparing.is === "compared" ? comparing.revision : "";
  const by = operation.initiatedBy?.username ?? "a person";
  return {
    actions: [],
    because: "an operation was asked for",
    change: { operationState: beginning(application, operation, revision, now) },
    events: [
      {
        type: "Normal",
        reason: "OperationStarted",
        message: `${by} initiated sync to ${revision || (sync.revision ?? "HEAD")}`,
      },
    ],
  };
}

function beginning(application: Application, operation: Operation, revision: string, now: Instant): OperationState {
  const source = sourceOfOperation(application, operation);
  return {
    operation,
    phase: "Running",
    startedAt: formatInstant(now),
    syncResult: { revision, ...(source === undefined ? {} : { source }) },
  };
}

/** Only the operation that was read is taken off: one that somebody asked for meanwhile stays. */
const takeOff = (application: Application, operation: Operation): Effect => ({
  do: "patch",
  key: keyOf(application),
  patch: {
    type: "json",
    operations: [
      { op: "test", path: "/operation", value: operation },
      { op: "remove", path: "/operation" },
    ],
  },
});

function planRunning(
  observed: Observed,
  operation: ObservedOperation,
  comparing: Comparing,
  now: Instant,
  options: PlanOptions,
): Part {
  const step = operationStep(observed, operation, comparing, now, options);
  const { application } = observed;
  switch (step.is) {
    case "waiting":
      return { actions: [], because: step.because, ...(step.wakeAt === undefined ? {} : { wakeAt: step.wakeAt }) };
    case "starting":
      return {
        actions: [
          ...(step.isRestart ? [{ do: "cancelTask", id: step.id } as const] : []),
          { do: "startTask", id: step.id, work: step.work },
        ],
        because: step.because,
      };
    case "moving":
      return {
        actions: step.state.finishedAt === undefined ? [] : forgetTasks(observed, operation),
        because: step.because,
        change: { operationState: step.state },
        ...(step.wakeAt === undefined ? {} : { wakeAt: step.wakeAt }),
      };
    case "finished": {
      const source = sourceOfOperation(application, operation.state.operation);
      const isGood = step.state.phase === "Succeeded";
      const revision = step.state.syncResult?.revision ?? "";
      return {
        actions: forgetTasks(observed, operation),
        because: step.because,
        change: {
          operationState: step.state,
          ...(isGood && source !== undefined ? { history: withHistory(application, step.state, source) } : {}),
        },
        events: [
          {
            type: isGood ? "Normal" : "Warning",
            reason: "OperationCompleted",
            message: isGood
              ? `Sync operation to ${revision} succeeded`
              : `Sync operation to ${revision} failed: ${step.state.message ?? ""}`,
          },
        ],
      };
    }
    default:
      return unreachable(step);
  }
}

function operationStep(
  observed: Observed,
  operation: ObservedOperation,
  comparing: Comparing,
  now: Instant,
  { waveDelay }: PlanOptions,
): OperationStep {
  const { state, source, progress } = operation;
  const { application } = observed;
  if (state.phase === "Terminating") return finished(state, "Failed", "Operation terminated", now);
  if (comparing.is === "invalid") return finished(state, "Error", comparing.refusals.join("; "), now);
  const refusal = operationRefusal(application, state.operation);
  if (refusal !== undefined) return finished(state, "Failed", refusal, now);
  const newer = supersededBy(state, comparing);
  if (isAwaitingRetry(state)) {
    return newer === undefined
      ? nextAttempt(state, now)
      : finished(state, "Failed", `${state.message ?? ""} Superseded by ${newer}.`, now);
  }
  if (source === undefined) return finished(state, "Error", "spec.source is missing", now);
  if (source.state.is === "refused")
    return failed(state, `ComparisonError: ${source.state.fault.message}`, now, "Error");
  if (source.rendered === undefined || source.targets === undefined) {
    return source.state.is === "absent"
      ? {
          is: "starting",
          id: source.id,
          work: source.work as never,
          because: "fetching the revision to sync",
          isRestart: false,
        }
      : { is: "waiting", because: "fetching the revision to sync" };
  }
  if (progress === undefined)
    return failed(state, `ComparisonError: ${source.targets.errors.join("; ")}`, now, "Error");
  const shared = operation.comparisons.find(({ sharedWith }) => sharedWith !== undefined);
  if (shared !== undefined && optionsOf(application, state.operation.sync ?? {}).failOnSharedResource) {
    return failed(state, `Shared resource found: ${shared.text} is part of application ${shared.sharedWith}`, now);
  }
  const step = planSync(
    {
      application,
      state,
      revision: source.rendered.revision,
      comparisons: operation.comparisons,
      live: observed.live,
      progress,
      current: operation.current,
      previous: operation.previous,
      isNamespaceThere: observed.isNamespaceThere,
      waveDelay,
    },
    now,
  );
  // A wave that never becomes healthy must not hold back its own repair. What it made is written down and seen before:
  // what git asks for no more by then would be nobody's else.
  if (step.is === "waiting" && newer !== undefined && operation.current.is === "absent") {
    return finished(state, "Failed", `${step.because}; superseded by ${newer}`, now);
  }
  return step;
}

/** A newer revision than the one that an automated sync is about. */
function supersededBy({ operation, syncResult }: OperationState, comparing: Comparing): string | undefined {
  if (!operation.initiatedBy?.automated || comparing.is !== "compared") return undefined;
  const revision = syncResult?.revision ?? "";
  return revision === "" || revision === comparing.revision ? undefined : comparing.revision;
}

/** Results that are written down are forgotten, and whatever is still at work stops. */
function forgetTasks({ application, source }: Observed, { state, source: own }: ObservedOperation): readonly Effect[] {
  const groups = groupTaskIds(application, state);
  const fetched = own === undefined || own === source ? [] : [own.id];
  return [...groups, ...fetched].map((id) => ({ do: "cancelTask", id }));
}

function earliest(...instants: readonly (Instant | undefined)[]): { readonly wakeAt?: Instant } {
  const set = instants.filter((at) => at !== undefined);
  return set.length === 0 ? {} : { wakeAt: Math.min(...set) as Instant };
}
