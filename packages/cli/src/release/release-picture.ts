import type { AnalysisRun, Client, Decision, Judgement, Pod, ReplicaSet, Rollout } from "@sluice/api";
import { controllerOf } from "@sluice/api";
import { Fault } from "@sluice/kernel";

const rolloutKind = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" } as const;

/** Everything a person wants to see of one release, at one moment. */
export interface ReleasePicture {
  readonly rollout: Rollout;
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly analysisRuns: readonly AnalysisRun[];
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
  const uid = rollout.metadata.uid;
  const [replicaSets, pods, analysisRuns, decisions, judgements] = await Promise.all([
    client.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace }),
    client.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { namespace }),
    client.list<AnalysisRun>({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" }, { namespace }),
    client.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" }, { namespace }),
    client.list<Judgement>({ apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" }, { namespace }),
  ]);
  const mine = replicaSets.items.filter((replicaSet) => controllerOf(replicaSet)?.uid === uid);
  const uids = new Set(mine.map(({ metadata }) => metadata.uid));
  return {
    rollout,
    replicaSets: mine.sort((a, b) => revisionOf(b) - revisionOf(a)),
    pods: pods.items.filter((pod) => uids.has(controllerOf(pod)?.uid)),
    analysisRuns: analysisRuns.items.filter((run) => controllerOf(run)?.uid === uid),
    decisions: decisions.items
      .filter(({ spec }) => spec.subject.name === name && spec.subject.kind === "Rollout")
      .sort((a, b) => (a.spec.at < b.spec.at ? -1 : a.spec.at > b.spec.at ? 1 : order(a) - order(b))),
    judgement: judgements.items
      .filter(({ spec }) => spec.rollout.uid === uid)
      .sort((a, b) => (a.spec.beganAt < b.spec.beganAt ? 1 : -1))[0],
  };
}

export const revisionOf = ({ metadata }: ReplicaSet): number =>
  Number(metadata.annotations?.["rollout.argoproj.io/revision"] ?? 0);

const order = ({ metadata }: Decision): number => Number(metadata.resourceVersion ?? 0);
