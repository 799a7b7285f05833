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
  const phase = status?.phase || "Pending";
  const length = parsePause(spec.duration);
  const begun = Date.parse(status?.availableAt ?? "");
  const left = length === undefined || Number.isNaN(begun) ? undefined : begun + length - now;
  const names = Math.max(...spec.templates.map(({ name }) => name.length));
  return {
    parts: [
      paint("bold", "experiment"),
      markedState(phase),
      paint("dim", ageOf(status?.availableAt ?? metadata.creationTimestamp, now)),
      phase === "Running" && left !== undefined ? `${formatAge(left)} left` : "",
      paint("dim", metadata.name),
      status?.message === undefined || phase === "Successful" ? "" : paint("yellow", status.message),
    ],
    below: [
      ...spec.templates.map((template) => templateBranch(template, experiment, rollout, names)),
      ...(status?.analysisRuns ?? []).map(({ name, analysisRun, phase: state, message = "" }): Branch => {
        const run = runs.find((one) => one.metadata.name === analysisRun);
        if (run !== undefined) return analysisBranch(run, now, name);
        return { parts: [`${paint("bold", "analysis")} ${name}`, markedState(state || "Pending"), message] };
      }),
    ],
  };
}

function templateBranch(
  template: ExperimentTemplate,
  { status }: Experiment,
  rollout: Rollout,
  columns: number,
): Branch {
  const state = status?.templateStatuses?.find(({ name }) => name === template.name);
  const hash = state?.podTemplateHash;
  const share = rollout.status?.canary?.weights?.additional?.find(
    ({ podTemplateHash }) => hash !== undefined && podTemplateHash === hash,
  );
  return {
    parts: [
      padEnd(template.name, columns),
      template.template.spec.containers.map(({ image = "" }) => shortImage(image)).join(", "),
      `${state?.readyReplicas ?? 0}/${template.replicas ?? 1} ready`,
      share === undefined ? "" : paint("cyan", `${share.weight} % of the traffic`),
      markedState(state?.status || "Pending"),
      paint("yellow", state?.message ?? ""),
    ],
  };
}
