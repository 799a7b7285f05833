import type { AnalysisRun, Job, Pod, Secret } from "@sluice/api";
import type { Fault, Reader, ResourceKey, TaskState } from "@sluice/kernel";
import { decodeBase64Text, type Resolved, resolved, unresolved } from "../arguments/index.ts";
import type { Effect } from "../loop/index.ts";
import { isCompleted } from "../phases/index.ts";
import { type JobState, jobKey, jobName, jobStateOf, refusedJob } from "./job.ts";
import type { QueryResult } from "./measure.ts";
import { retentionOf } from "./rules.ts";
import { measurementsTaken } from "./schedule.ts";

export interface Query {
  readonly id: string;
  readonly state: TaskState<QueryResult>;
}

/** The Job of the next measurement. */
export interface MetricJob {
  readonly name: string;
  readonly state: JobState;
}

export interface ObservedRun {
  readonly run: AnalysisRun;
  /** By `name/key` of a secretKeyRef. */
  readonly secrets: ReadonlyMap<string, Resolved<string>>;
  /** The next measurement's query, by metric. */
  readonly queries: ReadonlyMap<string, Query>;
  /** The same of metrics that are measured by Jobs. */
  readonly jobs: ReadonlyMap<string, MetricJob>;
  /** Jobs beyond those that are kept as long as their measurements. */
  readonly oldJobs: readonly ResourceKey[];
  /** Queries whose measurement stands in status, or that nobody waits for. */
  readonly leftOver: readonly string[];
}

const queryId = (run: AnalysisRun, metric: string, measurement: number): string =>
  `analysis/${run.metadata.uid}/${metric}/${measurement}`;

export async function observe(run: AnalysisRun, read: Reader): Promise<ObservedRun> {
  const isOver = isCompleted(run.status?.phase);
  const queries = new Map<string, Query>();
  const leftOver: string[] = [];
  const jobs = new Map<string, MetricJob>();
  const oldJobs: ResourceKey[] = [];
  const retention = retentionOf(run.spec);
  for (const { name, provider } of run.spec.metrics) {
    const result = run.status?.metricResults?.find((candidate) => candidate.name === name);
    const next = measurementsTaken(result);
    if (provider.job !== undefined) {
      jobs.set(name, await readJob(run, jobName(run, name, next), read));
      const limit = retention.is === "fault" ? next : retention.value(name);
      const oldest = jobKey(run, jobName(run, name, next - limit - 1));
      if (next > limit && (await read.get<Job>(oldest)) !== undefined) oldJobs.push(oldest);
      continue;
    }
    const query = { id: queryId(run, name, next), state: read.task<QueryResult>(queryId(run, name, next)) };
    if (!isOver && !isCompleted(result?.phase)) queries.set(name, query);
    else if (query.state.is !== "absent") leftOver.push(query.id);
    const last = queryId(run, name, next - 1);
    if (next > 0 && read.task(last).is !== "absent") leftOver.push(last);
  }
  return { run, jobs, oldJobs, secrets: isOver ? new Map() : await readSecrets(run, read), queries, leftOver };
}

/** A Job that the API doesn't take is a measurement that failed, as it is in the original. */
export function withRefusal(observed: ObservedRun, effect: Effect, { message }: Fault): ObservedRun | undefined {
  if (effect.do !== "create") return undefined;
  const metric = [...observed.jobs].find(([, { name }]) => name === effect.object.metadata.name)?.[0];
  const job = metric === undefined ? undefined : observed.jobs.get(metric);
  if (metric === undefined || job === undefined) return undefined;
  return { ...observed, jobs: new Map([...observed.jobs, [metric, { ...job, state: refusedJob(message) }]]) };
}

async function readJob(run: AnalysisRun, name: string, read: Reader): Promise<MetricJob> {
  const job = await read.get<Job>(jobKey(run, name));
  const { namespace } = run.metadata;
  const ownerUid = job?.metadata.uid;
  const pods =
    ownerUid === undefined
      ? []
      : await read.list<Pod>(
          { apiVersion: "v1", kind: "Pod" },
          { ...(namespace === undefined ? {} : { namespace }), ownerUid },
        );
  return { name, state: jobStateOf(job, pods) };
}

async function readSecrets(run: AnalysisRun, read: Reader): Promise<ReadonlyMap<string, Resolved<string>>> {
  const found = new Map<string, Resolved<string>>();
  for (const { valueFrom } of run.spec.args ?? []) {
    if (valueFrom?.secretKeyRef === undefined) continue;
    const { name, key } = valueFrom.secretKeyRef;
    const { namespace } = run.metadata;
    const secret = await read.get<Secret>({
      apiVersion: "v1",
      kind: "Secret",
      ...(namespace === undefined ? {} : { namespace }),
      name,
    });
    found.set(`${name}/${key}`, secretValue(secret, name, key));
  }
  return found;
}

function secretValue(secret: Secret | undefined, name: string, key: string): Resolved<string> {
  if (secret === undefined) return unresolved(`secrets "${name}" not found`);
  const plain = secret.stringData?.[key];
  if (plain !== undefined) return resolved(plain);
  const encoded = secret.data?.[key];
  if (encoded === undefined) return unresolved(`key '${key}' does not exist in secret '${name}'`);
  const text = decodeBase64Text(encoded);
  return text === undefined ? unresolved(`key '${key}' of secret '${name}' is no text`) : resolved(text);
}
