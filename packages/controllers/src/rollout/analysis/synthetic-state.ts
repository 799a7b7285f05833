import type { Job, Rollout, Service, SyntheticCheck } from "@sluice/api";
import { canonicalJson, type Reader, shortHash, type TaskState } from "@sluice/kernel";
import { jobKind, keyIn, serviceKind } from "../names.ts";
import type { EvidenceRules } from "./policy.ts";
import { checkJobName, jobState, type SyntheticResult } from "./synthetic-job.ts";

export interface SyntheticState {
  readonly id: string;
  readonly check: SyntheticCheck;
  readonly state: TaskState<SyntheticResult>;
}

const taskId = (rollout: Rollout, hash: string, check: SyntheticCheck): string =>
  `rollout/${rollout.metadata.uid}/synthetic/${hash}/${shortHash(canonicalJson(check))}`;

export const readSynthetic = (
  rollout: Rollout,
  hash: string,
  { checks }: EvidenceRules,
  jobs: readonly Job[],
  read: Reader,
): readonly SyntheticState[] =>
  checks.map((check) => {
    const id = taskId(rollout, hash, check);
    if (check.job === undefined) return { id, check, state: read.task<SyntheticResult>(id) };
    const name = checkJobName(rollout, hash, check);
    return { id, check, state: jobState(jobs.find(({ metadata }) => metadata.name === name)) };
  });

/** The Jobs of a Rollout's checks, and the Services whose Pods they are told of; nothing where no check is a Job. */
export async function readChecks({ metadata }: Rollout, { checks }: EvidenceRules, read: Reader) {
  const { namespace, uid = "" } = metadata;
  const own = checks.filter(({ job }) => job !== undefined);
  const inNamespace = namespace === undefined ? {} : { namespace };
  const jobs = own.length === 0 ? [] : await read.list<Job>(jobKind, { ...inNamespace, ownerUid: uid });
  const services = new Map<string, Service | undefined>();
  for (const { service } of own) {
    if (service !== undefined) services.set(service, await read.get<Service>(keyIn(serviceKind, namespace, service)));
  }
  return { jobs, services };
}
