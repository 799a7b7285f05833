import type { Job, Pod } from "@sluice/api";
import { after, type Instant, instant, type Millis, millis, minutes, parseInstant, seconds } from "@sluice/kernel";
import { completionsReached, conditionOf } from "./conditions.ts";
import { endedAt, endingOf, failsJob, restartsOf } from "./endings.ts";
import type { Ledger } from "./ledger.ts";
import { lastDeletedAnnotation } from "./tracking.ts";

export interface Verdict {
  readonly is: "SuccessCriteriaMet" | "FailureTarget";
  readonly reason: string;
  readonly message: string;
}

const exhausted = { reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
const late = { reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };

/** Whether the Job is decided, in the original's order. What was once decided stays so. */
export function verdictOf(job: Job, pods: readonly Pod[], ledger: Ledger, now: Instant): Verdict | undefined {
  const failing = conditionOf(job.status, "FailureTarget");
  if (failing !== undefined) return { is: "FailureTarget", ...wordsOf(failing) };
  const met = conditionOf(job.status, "SuccessCriteriaMet");
  if (met !== undefined) return { is: "SuccessCriteriaMet", ...wordsOf(met) };
  const { backoffLimit = 6, completions, template } = job.spec;
  const message = pods.map((pod) => failsJob(pod, job)).find((found) => found !== undefined);
  if (message !== undefined) return { is: "FailureTarget", reason: "PodFailurePolicy", message };
  if (ledger.failed > backoffLimit) return { is: "FailureTarget", ...exhausted };
  const active = pods.filter((pod) => endingOf(pod, job) === undefined);
  if (template.spec.restartPolicy === "OnFailure") {
    const restarts = active.reduce((sum, pod) => sum + restartsOf(pod), 0);
    if (restarts > 0 && restarts >= backoffLimit) return { is: "FailureTarget", ...exhausted };
  }
  const deadline = deadlineOf(job);
  if (deadline !== undefined && now >= deadline) return { is: "FailureTarget", ...late };
  const isComplete =
    completions === undefined ? ledger.succeeded > 0 && active.length === 0 : ledger.succeeded >= completions;
  return isComplete && job.spec.suspend !== true ? { is: "SuccessCriteriaMet", ...completionsReached } : undefined;
}

const wordsOf = ({ reason = "", message = "" }: { reason?: string; message?: string }) => ({ reason, message });

/** When activeDeadlineSeconds run out. A suspended Job's clock stands still. */
export function deadlineOf({ spec, status }: Job): Instant | undefined {
  const startedAt = parseInstant(status?.startTime ?? "");
  if (spec.activeDeadlineSeconds === undefined || startedAt === undefined || spec.suspend === true) return undefined;
  return after(startedAt, seconds(spec.activeDeadlineSeconds));
}

const firstDelay = seconds(10);
/** As documented; the original's code has ten. */
const delayMax = minutes(6);

/** Before this instant no Pod is created anew: 10 s after a failure, twice as long after each that follows on it. */
export function retryAt(job: Job, pods: readonly Pod[]): Instant | undefined {
  const ends = (ending: "succeeded" | "failed") =>
    pods.filter((pod) => endingOf(pod, job) === ending).map((pod) => endedAt(pod));
  const lastSuccess = Math.max(0, ...ends("succeeded"));
  const failed = ends("failed");
  const gone = parseInstant(job.metadata.annotations?.[lastDeletedAnnotation] ?? "");
  if (gone !== undefined && !failed.includes(gone)) failed.push(gone);
  const failures = failed.filter((at) => at > lastSuccess);
  if (failures.length === 0) return undefined;
  return after(instant(Math.max(...failures)), delayAfter(failures.length));
}

const delayAfter = (failures: number): Millis => millis(Math.min(delayMax, firstDelay * 2 ** (failures - 1)));
