import type { Experiment } from "@sluice/api";
import { parseInstant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { experimentKind, keyIn } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { hasEnded } from "./step.ts";

/** Ends experiments but those that are `kept`, and deletes old ended ones beyond the limits of AnalysisRuns. */
export function planOldExperiments(
  { rollout, experiments }: ObservedRollout,
  kept: readonly (string | undefined)[] = [],
): Effect[] {
  const { successfulRunHistoryLimit = 5, unsuccessfulRunHistoryLimit = 5 } = rollout.spec.analysis ?? {};
  const others = experiments.all.filter(({ metadata }) => !kept.includes(metadata.name));
  const terminated = others
    .filter((experiment) => !hasEnded(experiment) && experiment.spec.terminate !== true)
    .map((experiment): Effect => {
      const patch = { type: "merge", value: { spec: { terminate: true } } } as const;
      return { do: "patch", key: keyOf(experiment), patch };
    });
  // One whose Pods still run goes later: with it, they would go at once.
  const ended = others.filter((one) => hasEnded(one) && isEmpty(one)).toSorted((a, b) => createdAt(b) - createdAt(a));
  const isGood = ({ status }: Experiment): boolean => status?.phase === "Successful";
  const surplus = [
    ...ended.filter(isGood).slice(successfulRunHistoryLimit),
    ...ended.filter((experiment) => !isGood(experiment)).slice(unsuccessfulRunHistoryLimit),
  ];
  return [...terminated, ...surplus.map((experiment): Effect => ({ do: "delete", key: keyOf(experiment) }))];
}

const keyOf = ({ metadata }: Experiment) => keyIn(experimentKind, metadata.namespace, metadata.name);
const createdAt = ({ metadata }: Experiment): number => parseInstant(metadata.creationTimestamp ?? "") ?? 0;
const isEmpty = ({ status }: Experiment): boolean =>
  status?.templateStatuses?.every(({ replicas }) => replicas === 0) ?? true;
