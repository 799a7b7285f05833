import { controlledBy, type Job, type JobStatus, keyOf, type Pod } from "@sluice/api";
import {
  after,
  formatInstant,
  type Instant,
  type Plan,
  type PlannedEvent,
  parseInstant,
  seconds,
  shortHash,
} from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";
import { byDispensability, isActive, isReady } from "../pods/index.ts";
import { conditionOf, withCondition } from "./conditions.ts";
import { isOver, waitsForTheEnd } from "./endings.ts";
import { type Ledger, ledgerOf } from "./ledger.ts";
import { isTracked, noteDeleted, release, track, trackingFinalizer } from "./tracking.ts";
import { deadlineOf, retryAt, type Verdict, verdictOf } from "./verdict.ts";

export interface ObservedJob {
  readonly job: Job;
  /** Controlled by it; those that have ended or are deleted included. */
  readonly pods: readonly Pod[];
}

interface Turn extends ObservedJob {
  readonly now: Instant;
  readonly ledger: Ledger;
  readonly active: readonly Pod[];
  readonly terminating: readonly Pod[];
  /** What was seen, without conditions and times. */
  readonly status: JobStatus;
}

type JobPlan = Plan<StoreAction, JobStatus>;

/** As many Pods as may run and are still needed, until enough have succeeded or too many failed. */
export function planJob(observed: ObservedJob, now: Instant): JobPlan {
  const { job } = observed;
  if (job.metadata.deletionTimestamp !== undefined) return letGo(observed);
  const finished = conditionOf(job.status, "Complete") ?? conditionOf(job.status, "Failed");
  if (finished !== undefined)
    return planFinished(observed, parseInstant(finished.lastTransitionTime ?? "") ?? now, now);
  if (!isTracked(job)) return { actions: [track(job)], because: "its Pods will be tracked" };

  const turn = look(observed, now);
  const verdict = verdictOf(job, observed.pods, turn.ledger, now);
  const plan = verdict === undefined ? planUndecided(turn) : planEnd(turn, verdict);
  const note = noteDeleted(observed);
  // Once its finalizer is off, nothing tells any more when it failed.
  const first = note === undefined ? turn.ledger.released.map(release) : [note];
  return { ...plan, actions: [...first, ...plan.actions] };
}

function look({ job, pods }: ObservedJob, now: Instant): Turn {
  const ledger = ledgerOf(job, pods);
  const active = pods.filter(isActive);
  const terminating = pods.filter((pod) => !isOver(pod) && pod.metadata.deletionTimestamp !== undefined);
  const { conditions, startTime } = job.status ?? {};
  const status: JobStatus = {
    ...(conditions === undefined ? {} : { conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(active.length === 0 ? {} : { active: active.length }),
    ready: active.filter(isReady).length,
    terminating: terminating.length,
    ...ledger.status,
  };
  return { job, pods, now, ledger, active, terminating, status };
}

function planUndecided(turn: Turn): JobPlan {
  const { job, now, status, active } = turn;
  const isSuspended = conditionOf(job.status, "Suspended") !== undefined;
  if (job.spec.suspend === true) {
    const { startTime: _, ...unstarted } = status;
    const conditions = withCondition(status.conditions, "Suspended", suspended, now);
    return {
      actions: active.map(remove),
      status: { ...unstarted, conditions },
      because: "it is suspended",
      ...(isSuspended ? {} : { events: [event("Suspended", "Job suspended")] }),
    };
  }
  if (isSuspended || status.startTime === undefined) {
    const conditions = isSuspended ? withCondition(status.conditions, "Suspended", resumed, now) : status.conditions;
    return {
      actions: [],
      status: { ...status, ...(conditions === undefined ? {} : { conditions }), startTime: formatInstant(now) },
      because: "it begins",
      ...(isSuspended ? { events: [event("Resumed", "Job resumed")] } : {}),
    };
  }
  return planPods(turn);
}

const suspended = { reason: "JobSuspended", message: "Job suspended" };
const resumed = { status: "False", reason: "JobResumed", message: "Job resumed" } as const;

function planPods(turn: Turn): JobPlan {
  const { job, pods, now, status, active, terminating } = turn;
  const wanted = wantedPods(turn);
  const deadline = deadlineOf(job);
  const wake = (at?: Instant) => {
    const soonest = at === undefined || (deadline !== undefined && deadline < at) ? deadline : at;
    return soonest === undefined ? {} : { wakeAt: soonest };
  };
  if (active.length > wanted) {
    const doomed = [...active].sort(byDispensability).slice(0, active.length - wanted);
    return {
      actions: doomed.map(remove),
      status,
      because: `${doomed.length} Pods too many`,
      events: doomed.map(({ metadata }) => event("SuccessfulDelete", `Deleted pod: ${metadata.name}`)),
      ...wake(),
    };
  }
  const leaving = waitsForTheEnd(job.spec) ? terminating.length : 0;
  const missing = Math.max(0, wanted - active.length - leaving);
  if (missing === 0) return { actions: [], status, because: `${active.length} Pods run`, ...wake() };
  const retry = retryAt(job, pods);
  if (retry !== undefined && now < retry)
    return { actions: [], status, because: "it waits after a failure", ...wake(retry) };
  const created = freeNames(job, pods, Math.min(missing, creationsMax)).map((name) => podOf(job, name));
  return {
    actions: created.map((object) => ({ do: "create", object })),
    status,
    because: `${active.length} of ${wanted} Pods run`,
    events: created.map(({ metadata }) => event("SuccessfulCreate", `Created pod: ${metadata.name}`)),
    ...wake(),
  };
}

/** In one turn; the next comes when these are seen. */
const creationsMax = 500;

function wantedPods({ job, ledger, active }: Turn): number {
  const { parallelism = 1, completions } = job.spec;
  if (completions !== undefined) return Math.min(parallelism, Math.max(0, completions - ledger.succeeded));
  return ledger.succeeded > 0 ? Math.min(parallelism, active.length) : parallelism;
}

/** Decided: the criterion is written first, then what still runs is ended, and the end is told when all is counted. */
function planEnd(turn: Turn, { is, reason, message }: Verdict): JobPlan {
  const { job, now, status, active, terminating, ledger } = turn;
  const conditions = withCondition(status.conditions, is, { reason, message }, now);
  if (conditionOf(job.status, is) === undefined) {
    return { actions: [], status: { ...status, conditions }, because: message };
  }
  if (active.length > 0) return { actions: active.map(remove), status, because: `${message}: the rest is ended` };
  if (terminating.length > 0 || !ledger.isSettled) return { actions: [], status, because: "its Pods are counted" };
  const isFailed = is === "FailureTarget";
  return {
    actions: [],
    status: {
      ...status,
      conditions: withCondition(conditions, isFailed ? "Failed" : "Complete", { reason, message }, now),
      ...(isFailed ? {} : { completionTime: formatInstant(now) }),
    },
    because: message,
    events: [isFailed ? { type: "Warning", reason, message } : event("Completed", "Job completed")],
  };
}

function planFinished({ job, pods }: ObservedJob, finishedAt: Instant, now: Instant): JobPlan {
  const free = [...pods, job].filter(isTracked).map(release);
  if (free.length > 0) return { actions: free, because: "finished: nothing is left to track" };
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined) return { actions: [], because: "finished" };
  const end = after(finishedAt, seconds(ttlSecondsAfterFinished));
  if (now < end) return { actions: [], because: "finished, kept for a while", wakeAt: end };
  const preconditions = { uid: job.metadata.uid ?? "" };
  return {
    actions: [{ do: "delete", key: keyOf(job), options: { preconditions, propagationPolicy: "Background" } }],
    because: "it was kept for ttlSecondsAfterFinished",
  };
}

/** Being deleted: its Pods first, which would wait for ever once nobody counts them. */
function letGo({ job, pods }: ObservedJob): JobPlan {
  const held = pods.filter(isTracked);
  if (held.length > 0) return { actions: held.map(release), because: "deleted: its Pods are let go" };
  return { actions: isTracked(job) ? [release(job)] : [], because: "it is being deleted" };
}

const event = (reason: string, message: string): PlannedEvent => ({ type: "Normal", reason, message });

const remove = (pod: Pod): StoreAction => ({
  do: "delete",
  key: keyOf(pod),
  options: { preconditions: { uid: pod.metadata.uid ?? "" } },
});

/** Names come from the owner and a slot: a creation that is repeated creates nothing twice. */
function freeNames({ metadata }: Job, pods: readonly Pod[], count: number): readonly string[] {
  const used = new Set(pods.map((pod) => pod.metadata.name));
  const free: string[] = [];
  for (let slot = 0; free.length < count; slot++) {
    const name = `${metadata.name}-${shortHash(`${metadata.uid}/${slot}`).slice(-5)}`;
    if (used.has(name)) continue;
    used.add(name);
    free.push(name);
  }
  return free;
}

function podOf(job: Job, name: string): Pod {
  const { metadata, spec } = job.spec.template;
  const { namespace } = job.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: `${job.metadata.name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      finalizers: [...(metadata?.finalizers ?? []), trackingFinalizer],
      ownerReferences: [controlledBy(job)],
    },
    spec,
  };
}
