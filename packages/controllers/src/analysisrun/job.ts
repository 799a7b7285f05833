import { type AnalysisRun, controlledBy, type Job, type Metric, type Pod } from "@sluice/api";
import { type Instant, parseInstant, type ResourceKey, shortHash } from "@sluice/kernel";
import type { CompletedPhase } from "../phases/index.ts";

/** What a metric's Job came to; `running` until it did. */
export type JobState =
  | { readonly is: "absent" | "running" }
  | {
      readonly is: "ended";
      readonly phase: CompletedPhase;
      readonly message: string | undefined;
      readonly startedAt: Instant | undefined;
      readonly finishedAt: Instant | undefined;
    };

const longestName = 63;
/** Nothing of these comes right by waiting, and none of it is the measured version's doing. */
const pullErrors = ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"];

/** `<uid>.<metric>.<n>`, counted from 1; a long metric's name is cut and told apart by a hash. */
export function jobName({ metadata }: AnalysisRun, metric: string, measurement: number): string {
  const plain = metric.toLowerCase().replaceAll(/[^a-z0-9.-]/g, "-");
  const [start, end] = [`${metadata.uid}.`, `.${measurement + 1}`];
  const room = longestName - start.length - end.length;
  if (plain === metric && plain.length <= room) return `${start}${plain}${end}`;
  const hash = shortHash(metric);
  return `${start}${plain.slice(0, Math.max(0, room - hash.length - 1))}-${hash}${end}`.replace(".-", ".");
}

export const jobKey = (run: AnalysisRun, name: string): ResourceKey => ({
  apiVersion: "batch/v1",
  kind: "Job",
  ...(run.metadata.namespace === undefined ? {} : { namespace: run.metadata.namespace }),
  name,
});

/** Source: argo-rollouts metricproviders/job/job.go. `job` has its arguments, secrets too: the Job is where they end. */
export function newJob(run: AnalysisRun, metric: Metric, name: string): Job | undefined {
  const { job } = metric.provider;
  if (job === undefined) return undefined;
  const { namespace, uid = "" } = run.metadata;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...job.metadata?.labels, "analysisrun.argoproj.io/uid": uid },
      annotations: {
        ...job.metadata?.annotations,
        "analysisrun.argoproj.io/name": run.metadata.name,
        "analysisrun.argoproj.io/metric-name": metric.name,
      },
      ownerReferences: [controlledBy(run)],
    },
    spec: job.spec,
  };
}

export const refusedJob = (message: string): JobState => ({
  is: "ended",
  phase: "Error",
  message,
  startedAt: undefined,
  finishedAt: undefined,
});

export function jobStateOf(job: Job | undefined, pods: readonly Pod[]): JobState {
  if (job === undefined) return { is: "absent" };
  const { conditions = [], startTime } = job.status ?? {};
  const ended = conditions.find(({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"));
  const startedAt = parseInstant(startTime ?? job.metadata.creationTimestamp ?? "");
  if (ended !== undefined) {
    const isGood = ended.type === "Complete";
    return {
      is: "ended",
      phase: isGood ? "Successful" : "Failed",
      message: isGood ? undefined : [ended.reason, ended.message].filter(Boolean).join(": "),
      startedAt,
      finishedAt: parseInstant(ended.lastTransitionTime ?? ""),
    };
  }
  for (const { metadata, status } of pods) {
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    const waiting = containers.find(({ state }) => pullErrors.includes(state?.waiting?.reason ?? ""))?.state?.waiting;
    if (waiting === undefined) continue;
    const message = `Pod ${metadata.name}: ${[waiting.reason, waiting.message].filter(Boolean).join(": ")}`;
    return { is: "ended", phase: "Inconclusive", message, startedAt, finishedAt: undefined };
  }
  return { is: "running" };
}
