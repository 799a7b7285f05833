import type { AnalysisRun, Decision, Pod, Quarantine, ReplicaSet, Rollout } from "@sluice/api";
import { useItems } from "../data/use-live.ts";
import { controllerUid } from "./versions.ts";

/** All that is known of one release. Each list is the same array until something in it changes. */
export interface Release {
  readonly rollout: Rollout;
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly runs: readonly AnalysisRun[];
  /** Those in force. */
  readonly quarantines: readonly Quarantine[];
  readonly decisions: readonly Decision[];
}

export type ReleaseState =
  | { readonly is: "loading" }
  | { readonly is: "missing" }
  | { readonly is: "known"; readonly release: Release };

/** Shown when it is whole: half of a release would look like another one. */
export function useRelease(namespace: string, name: string): ReleaseState {
  const rollouts = useItems<Rollout>("rollouts", namespace, ({ metadata }) => metadata.name === name);
  const [rollout] = rollouts ?? [];
  const uid = rollout?.metadata.uid ?? "none";
  const isOwned = ({ metadata }: ReplicaSet | AnalysisRun) => controllerUid({ metadata }) === uid;
  const replicaSets = useItems<ReplicaSet>("replicasets", namespace, isOwned);
  const owners = new Set(replicaSets?.map(({ metadata }) => metadata.uid));
  const pods = useItems<Pod>("pods", namespace, (pod) => owners.has(controllerUid(pod)));
  const runs = useItems<AnalysisRun>("analysisruns", namespace, isOwned);
  const quarantines = useItems<Quarantine>("quarantines", namespace, ({ spec: { workload }, status }) => {
    return workload.name === name && workload.kind === "Rollout" && status?.lifted !== true;
  });
  const decisions = useItems<Decision>("decisions", namespace, ({ spec: { subject } }) => {
    return subject.kind === "Rollout" && subject.name === name;
  });

  if (rollouts === undefined) return { is: "loading" };
  if (rollout === undefined) return { is: "missing" };
  if (!replicaSets || !pods || !runs || !quarantines || !decisions) return { is: "loading" };
  return { is: "known", release: { rollout, replicaSets, pods, runs, quarantines, decisions } };
}
