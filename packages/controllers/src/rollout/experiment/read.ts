import type { AnalysisRun, Experiment, Rollout } from "@sluice/api";
import type { Reader } from "@sluice/kernel";
import { analysisRunKind, experimentKind } from "../names.ts";

export interface ObservedExperiments {
  /** Its own. */
  readonly all: readonly Experiment[];
  /** Of the one that status names. */
  readonly runs: readonly AnalysisRun[];
}

export async function readExperiments(rollout: Rollout, read: Reader): Promise<ObservedExperiments> {
  const { namespace, uid = "" } = rollout.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const all = await read.list<Experiment>(experimentKind, { ...inNamespace, ownerUid: uid });
  const name = rollout.status?.canary?.currentExperiment;
  const current = name === undefined ? undefined : all.find(({ metadata }) => metadata.name === name);
  const ownerUid = current?.metadata.uid;
  const runs =
    ownerUid === undefined ? [] : await read.list<AnalysisRun>(analysisRunKind, { ...inNamespace, ownerUid });
  return { all, runs };
}

/** Services of the current one, which may get traffic: their endpoints are looked at first. */
export function weighedServiceNames(rollout: Rollout, experiments: readonly Experiment[]): readonly string[] {
  const { currentExperiment: name } = rollout.status?.canary ?? {};
  const experiment = experiments.find(({ metadata }) => metadata.name === name);
  return (experiment?.status?.templateStatuses ?? []).flatMap(({ serviceName }) => serviceName ?? []);
}
