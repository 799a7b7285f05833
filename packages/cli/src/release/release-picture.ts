import {
  type AnalysisRun,
  type Client,
  controllerOf,
  type Decision,
  type Experiment,
  type Judgement,
  type Pod,
  type ReplicaSet,
  type Resource,
  type RingSet,
  type Rollout,
  ringsAnnotation,
} from "@sluice/api";
import { Fault, type KindKey } from "@sluice/kernel";

const rolloutKind = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" } as const;

/** Everything a person wants to see of one release, at one moment. */
export interface ReleasePicture {
  readonly rollout: Rollout;
  /** Newest first; those of experiments aren't among them. */
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  /** Of the Rollout and of its Experiments. */
  readonly analysisRuns: readonly AnalysisRun[];
  readonly experiments: readonly Experiment[];
  /** Who gets a new version when, where the Rollout names it. */
  readonly ringSet: RingSet | undefined;
  readonly decisions: readonly Decision[];
  /** The latest: of the version on its way, or of the one before. */
  readonly judgement: Judgement | undefined;
}

/** Throws an invalid Fault that lists what there is where the Rollout isn't. */
export async function getRollout(client: Client, namespace: string, name: string): Promise<Rollout> {
  const rollout = await client.get<Rollout>({ ...rolloutKind, namespace, name });
  if (rollout !== undefined) return rollout;
  const { items } = await client.list<Rollout>(rolloutKind);
  const known = items.map(({ metadata }) => `${metadata.name} -n ${metadata.namespace}`).slice(0, 10);
  const there = known.length === 0 ? "there are none yet" : `there are: ${known.join(", ")}`;
  throw new Fault("invalid", `no rollout ${name} in namespace ${namespace}; ${there}`);
}

export async function takePicture(client: Client, namespace: string, name: string): Promise<ReleasePicture> {
  const rollout = await getRollout(client, namespace, name);
  const { uid } = rollout.metadata;
  const list = async <T extends Resource>(kind: KindKey): Promise<readonly T[]> =>
    (await client.list<T>(kind, { namespace })).items;
  const rings = rollout.metadata.annotations?.[ringsAnnotation];
  const [replicaSets, pods, analysisRuns, experiments, decisions, judgements, ringSet] = await Promise.all([
    list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }),
    list<Pod>({ apiVersion: "v1", kind: "Pod" }),
    list<AnalysisRun>({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" }),
    list<Experiment>({ apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" }),
    list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" }),
    list<Judgement>({ apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" }),
    rings === undefined
      ? undefined
      : client.get<RingSet>({ apiVersion: "sluice.dev/v1alpha1", kind: "RingSet", namespace, name: rings }),
  ]);
  const mine = replicaSets.filter((replicaSet) => controllerOf(replicaSet)?.uid === uid);
  const uids = new Set(mine.map(({ metadata }) => metadata.uid));
  const trials = experiments.filter((experiment) => controllerOf(experiment)?.uid === uid);
  const measured = new Set([uid, ...trials.map(({ metadata }) => metadata.uid)]);
  return {
    rollout,
    replicaSets: mine.toSorted((a, b) => revisionOf(b) - revisionOf(a)),
    pods: pods.filter((pod) => uids.has(controllerOf(pod)?.uid)),
    analysisRuns: analysisRuns.filter((run) => measured.has(controllerOf(run)?.uid)),
    experiments: trials,
    ringSet,
    decisions: decisions
      .filter(({ spec }) => spec.subject.name === name && spec.subject.kind === "Rollout")
      .toSorted((a, b) => (a.spec.at < b.spec.at ? -1 : a.spec.at > b.spec.at ? 1 : order(a) - order(b))),
    judgement: judgements
      .filter(({ spec }) => spec.rollout.uid === uid)
      .toSorted((a, b) => (a.spec.beganAt < b.spec.beganAt ? 1 : -1))[0],
  };
}

export const revisionOf = ({ metadata }: Resource): number =>
  Number(metadata.annotations?.["rollout.argoproj.io/revision"] ?? 0);

export const hashOf = ({ metadata }: Resource): string => metadata.labels?.["rollouts-pod-template-hash"] ?? "";

const order = ({ metadata }: Decision): number => Number(metadata.resourceVersion ?? 0);
