import type { AnalysisRun, Experiment } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import { isCompleted } from "../../phases/index.ts";
import { judgeRun } from "../analysis/evidence.ts";
import { gates } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";

/** What an experiment says of the release, once its runs are asked whether their evidence was evidence. */
export type ExperimentJudgement =
  | { readonly is: "running" | "good" | "inconclusive" }
  /** `run` is what was measured; undefined where its Pods never came. */
  | { readonly is: "bad"; readonly message: string; readonly run: AnalysisRun | undefined }
  /** Nobody knows anything of the version: its provider failed, or Pods that may be the stable version's. */
  | { readonly is: "broken"; readonly message: string; readonly run: AnalysisRun | undefined }
  | { readonly is: "noData"; readonly message: string };

export function judgeExperiment(
  observed: ObservedRollout,
  { rollout }: View,
  { status, spec }: Experiment,
  now: Instant,
): ExperimentJudgement {
  const { phase, message = "" } = status ?? {};
  if (!isCompleted(phase)) return { is: "running" };
  const needsData = rollout.metadata.annotations?.[gates.noData] !== "off";
  // An experiment's Pods get traffic by its own weights: what its queries saw is all that is asked.
  const judged = observed.experiments.runs.map((run) => ({
    run,
    judgement: judgeRun(run, { needsData, traffic: undefined }, now),
  }));
  const bad = judged.find(({ judgement }) => judgement.is === "bad");
  if (bad !== undefined) return { is: "bad", message, run: bad.run };
  const empty = judged.flatMap(({ judgement }) => (judgement.is === "noData" ? [judgement] : []))[0];
  if (empty !== undefined) return { is: "noData", message: empty.message };
  const broken = judged.find(({ judgement }) => judgement.is === "broken");
  switch (phase) {
    case "Successful":
      // Ended by hand before it was seen to be good, it is no proof; the original takes it as one.
      return spec.terminate === true && status?.availableAt === undefined ? { is: "inconclusive" } : { is: "good" };
    case "Inconclusive":
      return { is: "inconclusive" };
    default:
      return { is: "broken", message, run: broken?.run };
  }
}
