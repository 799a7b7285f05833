import type { Job, Rollout, SyntheticCheck } from "@sluice/api";
import { canonicalJson, instant, parseInstant, shortHash, type TaskState } from "@sluice/kernel";

/** What the task `syntheticCheck` answers; `message` is about the first failure. */
export interface SyntheticResult {
  readonly passed: number;
  readonly failed: number;
  readonly message?: string;
}

const longestName = 63;

/** The same after a crash; another for another version, or another content of the check. */
export function checkJobName({ metadata }: Rollout, hash: string, check: SyntheticCheck): string {
  const end = `-${shortHash([metadata.uid, hash, canonicalJson(check)].join("|"))}`;
  const start = `${metadata.name}-${hash}-${check.name}`.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-");
  return `${start.slice(0, longestName - end.length).replace(/-+$/, "")}${end}`;
}

/** A Job as one question and its answer: right, wrong, or on its way. */
export function jobState(job: Job | undefined): TaskState<SyntheticResult> {
  if (job === undefined) return { is: "absent" };
  const startedAt = parseInstant(job.metadata.creationTimestamp ?? "") ?? instant(0);
  const { conditions = [] } = job.status ?? {};
  const ended = conditions.find(({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"));
  if (ended === undefined || job.metadata.deletionTimestamp !== undefined) return { is: "running", startedAt };
  const finishedAt = parseInstant(ended.lastTransitionTime ?? "") ?? startedAt;
  if (ended.type === "Complete") return { is: "done", result: { passed: 1, failed: 0 }, startedAt, finishedAt };
  const message = `Job ${job.metadata.name}: ${[ended.reason, ended.message].filter(Boolean).join(": ")}`;
  return { is: "done", result: { passed: 0, failed: 1, message }, startedAt, finishedAt };
}
