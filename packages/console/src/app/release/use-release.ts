import type {
  AnalysisRun,
  Decision,
  Experiment,
  Judgement,
  Pod,
  Quarantine,
  ReplicaSet,
  RingSet,
  Rollout,
} from "@sluice/api";
import { isLifted } from "@sluice/api/release";
import { useItems } from "../data/use-live.ts";
import { controllerUid } from "./versions.ts";

/** All that is known of one release. Each list is the same array until something in it changes. */
export interface Release {
  readonly rollout: Rollout;
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly runs: readonly AnalysisRun[];
  readonly experiments: readonly Experiment[];
  /** Those of its experiments. */
  readonly experimentRuns: readonly AnalysisRun[];
  /** Of all its revisions. */
  readonly judgements: readonly Judgement[];
  /** Who gets its new versions first, where it says so. */
  readonly ringSet: RingSet | undefined;
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
  const isOwned = ({ metadata }: ReplicaSet | AnalysisRun | Experiment) => controllerUid({ metadata }) === uid;
  const replicaSets = useItems<ReplicaSet>("replicasets", namespace, isOwned);
  const owners = new Set(replicaSets?.map(({ metadata }) => metadata.uid));
  const pods = useItems<Pod>("pods", namespace, (pod) => owners.has(controllerUid(pod)));
  const runs = useItems<AnalysisRun>("analysisruns", namespace, isOwned);
  const experiments = useItems<Experiment>("experiments", namespace, isOwned);
  const experimentUids = new Set(experiments?.map(({ metadata }) => metadata.uid));
  const experimentRuns = useItems<AnalysisRun>("analysisruns", namespace, (run) => {
    return experimentUids.has(controllerUid(run));
  });
  const judgements = useItems<Judgement>("judgements", namespace, ({ spec }) => spec.rollout.uid === uid);
  const ringSetName = rollout?.metadata.annotations?.["sluice.dev/rings"];
  const ringSets = useItems<RingSet>("ringsets", namespace, ({ metadata }) => metadata.name === ringSetName);
  const quarantines = useItems<Quarantine>("quarantines", namespace, (quarantine) => {
    const { workload } = quarantine.spec;
    return workload.name === name && workload.kind === "Rollout" && !isLifted(quarantine);
  });
  const decisions = useItems<Decision>("decisions", namespace, ({ spec: { subject } }) => {
    return subject.kind === "Rollout" && subject.name === name;
  });

  if (rollouts === undefined) return { is: "loading" };
  if (rollout === undefined) return { is: "missing" };
  if (!replicaSets || !pods || !runs || !quarantines || !decisions) return { is: "loading" };
  if (!experiments || !experimentRuns || !judgements || !ringSets) return { is: "loading" };
  const [ringSet] = ringSets;
  const measured = { runs, experiments, experimentRuns, judgements, ringSet };
  return { is: "known", release: { rollout, replicaSets, pods, quarantines, decisions, ...measured } };
}
