import {
  type AnalysisRun,
  type Client,
  controllerOf,
  type Experiment,
  type Pod,
  type ReplicaSet,
  type Rollout,
} from "@sluice/api";
import { Fault } from "@sluice/kernel";

export const experimentKind = { apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" } as const;

/** Everything a person wants to see of one experiment, at one moment. */
export interface ExperimentPicture {
  readonly experiment: Experiment;
  /** Of which it is a step, or a fresh baseline; undefined where it stands alone. */
  readonly rollout: Rollout | undefined;
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly analysisRuns: readonly AnalysisRun[];
}

/** Throws an invalid Fault that lists what there is where the Experiment isn't. */
export async function takeExperiment(client: Client, namespace: string, name: string): Promise<ExperimentPicture> {
  const experiment = await client.get<Experiment>({ ...experimentKind, namespace, name });
  if (experiment === undefined) throw await absent(client, namespace, name);
  const owner = controllerOf(experiment);
  const [replicaSets, pods, runs, rollout] = await Promise.all([
    client.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace }),
    client.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { namespace }),
    client.list<AnalysisRun>({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" }, { namespace }),
    owner?.kind === "Rollout"
      ? client.get<Rollout>({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: owner.name })
      : undefined,
  ]);
  const { uid } = experiment.metadata;
  const mine = replicaSets.items.filter((one) => controllerOf(one)?.uid === uid);
  const uids = new Set(mine.map(({ metadata }) => metadata.uid));
  return {
    experiment,
    rollout,
    replicaSets: mine,
    pods: pods.items.filter((pod) => uids.has(controllerOf(pod)?.uid)),
    analysisRuns: runs.items.filter((run) => controllerOf(run)?.uid === uid),
  };
}

async function absent(client: Client, namespace: string, name: string): Promise<Fault> {
  const { items } = await client.list<Experiment>(experimentKind);
  const known = items.map(({ metadata }) => `${metadata.name} -n ${metadata.namespace}`).slice(0, 10);
  const there = known.length === 0 ? "there are none" : `there are: ${known.join(", ")}`;
  return new Fault("invalid", `no experiment ${name} in namespace ${namespace}; ${there}`);
}
