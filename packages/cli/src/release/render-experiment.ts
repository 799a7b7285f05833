import type { AnalysisRun, Experiment, ExperimentTemplate, Rollout } from "@sluice/api";
import { parsePause } from "@sluice/api/release";
import { ageOf, formatAge } from "../terminal/age.ts";
import { markedState } from "../terminal/marks.ts";
import { padEnd, paint } from "../terminal/style.ts";
import type { Branch } from "../terminal/tree.ts";
import { shortImage } from "./image-name.ts";
import { analysisBranch } from "./render-analysis.ts";

/** Versions that run beside each other for a while, the traffic that each gets, and what is measured of them. */
export function experimentBranch(
  experiment: Experiment,
  rollout: Rollout,
  runs: readonly AnalysisRun[],
  now: number,
): Branch {
  const { metadata, spec, status } = experiment;
  const left = timeLeft(experiment, now);
  const names = Math.max(...spec.templates.map(({ name }) => name.length));
  return {
    parts: [
      paint("bold", "experiment"),
      markedState(phaseOf(experiment)),
      paint("dim", ageOf(status?.availableAt ?? metadata.creationTimestamp, now)),
      left === undefined ? "" : `${formatAge(left)} left`,
      paint("dim", metadata.name),
      status?.message === undefined || phaseOf(experiment) === "Successful" ? "" : paint("yellow", status.message),
    ],
    below: [
      ...spec.templates.map((template) => ({ parts: templateParts(template, experiment, rollout, names) })),
      ...experimentAnalyses(experiment, runs, now),
    ],
  };
}

export const phaseOf = ({ status }: Experiment): string => status?.phase || "Pending";

export const hasEnded = (experiment: Experiment): boolean => !["Pending", "Running"].includes(phaseOf(experiment));

/** Milliseconds of its duration; undefined before and after it, and where nothing but its analyses end it. */
export function timeLeft(experiment: Experiment, now: number): number | undefined {
  const length = parsePause(experiment.spec.duration);
  const begun = Date.parse(experiment.status?.availableAt ?? "");
  if (phaseOf(experiment) !== "Running" || length === undefined || Number.isNaN(begun)) return undefined;
  return begun + length - now;
}

/** A version of it: name, image, Pods, its share of the traffic, how it does. */
export function templateParts(
  template: ExperimentTemplate,
  { status }: Experiment,
  rollout: Rollout | undefined,
  columns: number,
): readonly string[] {
  const state = status?.templateStatuses?.find(({ name }) => name === template.name);
  const hash = state?.podTemplateHash;
  const share = rollout?.status?.canary?.weights?.additional?.find(
    ({ podTemplateHash }) => hash !== undefined && podTemplateHash === hash,
  );
  return [
    padEnd(template.name, columns),
    template.template.spec.containers.map(({ image = "" }) => shortImage(image)).join(", "),
    `${state?.readyReplicas ?? 0}/${template.replicas ?? 1} ready`,
    share === undefined ? "" : paint("cyan", `${share.weight} % of the traffic`),
    markedState(state?.status || "Pending"),
    paint("yellow", state?.message ?? ""),
  ];
}

/** Its analyses, in the order of its status; those that haven't begun are named, too. */
export function experimentAnalyses(
  experiment: Experiment,
  runs: readonly AnalysisRun[],
  now: number,
): readonly Branch[] {
  const { spec, status } = experiment;
  const begun = status?.analysisRuns ?? [];
  const words = hasEnded(experiment) ? "never began" : "begins once all Pods are available";
  const coming = (spec.analyses ?? []).filter(({ name }) => !begun.some((one) => one.name === name));
  return [
    ...begun.map(({ name, analysisRun, phase, message = "" }): Branch => {
      const run = runs.find((one) => one.metadata.name === analysisRun);
      if (run !== undefined) return analysisBranch(run, now, name);
      return { parts: [`${paint("bold", "analysis")} ${name}`, markedState(phase || "Pending"), message] };
    }),
    ...coming.map(
      ({ name }): Branch => ({
        parts: [`${paint("bold", "analysis")} ${name}`, paint("dim", words)],
      }),
    ),
  ];
}
