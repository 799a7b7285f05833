import { controllerOf, type Experiment, type ExperimentTemplate } from "@sluice/api";
import { parsePause } from "@sluice/api/release";
import { ageOf, formatAge } from "../terminal/age.ts";
import { flow } from "../terminal/flow.ts";
import { markedState } from "../terminal/marks.ts";
import { paint } from "../terminal/style.ts";
import { renderBranches, renderTrees } from "../terminal/tree.ts";
import type { ExperimentPicture } from "./experiment-picture.ts";
import { experimentAnalyses, hasEnded, phaseOf, templateParts, timeLeft } from "./render-experiment.ts";
import { podBranches, podDots } from "./render-pods.ts";
import type { Surroundings, Traffic } from "./render-version.ts";
import { type Row, rowLines } from "./row.ts";

/** The experiment as text: phase, how long it lasts, its versions with their Pods, its analyses. */
export function renderExperiment(picture: ExperimentPicture, traffic: Traffic, surroundings: Surroundings): string {
  const { experiment, analysisRuns } = picture;
  const { columns, now } = surroundings;
  const { metadata, spec, status } = experiment;
  const head = flow(
    [
      paint("bold", `${metadata.namespace}/${metadata.name}`),
      paint("dim", "experiment"),
      markedState(phaseOf(experiment)),
      status?.message ?? "",
    ],
    { columns, indent: 2 },
  );
  const names = Math.max(...spec.templates.map(({ name }) => name.length));
  const analyses = experimentAnalyses(experiment, analysisRuns, now);
  return [
    ...head,
    "",
    ...rows(experiment, now).flatMap((row) => rowLines(row, columns)),
    "",
    ...spec.templates.flatMap((template) => versionLines(template, picture, names, traffic, surroundings)),
    ...(analyses.length === 0 ? [] : ["", ...renderTrees(analyses, columns)]),
  ].join("\n");
}

function rows(experiment: Experiment, now: number): readonly Row[] {
  const { metadata, spec, status } = experiment;
  const owner = controllerOf(experiment);
  const { availableAt } = status ?? {};
  const isOver = hasEnded(experiment);
  const begun = availableAt === undefined ? (isOver ? "never" : "not yet") : `${ageOf(availableAt, now)} ago`;
  const left = timeLeft(experiment, now);
  const lasts = parsePause(spec.duration);
  const length =
    lasts === undefined
      ? "until its analyses end it, or a person does"
      : `${formatAge(lasts)} from when all Pods are available`;
  const where = metadata.namespace === undefined || metadata.namespace === "default" ? "" : ` -n ${metadata.namespace}`;
  const terminate = paint("cyan", `sluice experiment terminate ${metadata.name}${where}`);
  return [
    ...(owner === undefined ? [] : [{ name: "of", parts: [`${owner.kind.toLowerCase()} ${owner.name}`] }]),
    { name: "begun", parts: [begun] },
    { name: "lasts", parts: [length, left === undefined ? "" : paint("cyan", `${formatAge(left)} left`)] },
    ...(isOver || spec.terminate === true ? [] : [{ name: "end it", parts: [terminate] }]),
  ];
}

function versionLines(
  template: ExperimentTemplate,
  { experiment, rollout, replicaSets, pods }: ExperimentPicture,
  names: number,
  traffic: Traffic,
  { columns, now, everyPod = false }: Surroundings,
): readonly string[] {
  const state = experiment.status?.templateStatuses?.find(({ name }) => name === template.name);
  const set = replicaSets.find(
    ({ metadata }) => metadata.annotations?.["experiment.argoproj.io/template-name"] === template.name,
  );
  const mine = pods.filter((pod) => set !== undefined && controllerOf(pod)?.uid === set.metadata.uid);
  const [name = "", image = "", ready = "", ...rest] = templateParts(template, experiment, rollout, names);
  const parts = [paint("bold", name), image, ready, podDots(mine), ...rest, traffic(state?.podTemplateHash ?? "")];
  return [
    ...flow(parts, { columns: columns - 2, indent: names + 2 }).map((line) => `  ${line}`),
    ...renderBranches(podBranches(mine, { now, everyPod }), columns),
  ];
}

/** Where it stands, without anything that only counts time. */
export function experimentLine({ experiment }: ExperimentPicture): string {
  const { status } = experiment;
  const states = (status?.templateStatuses ?? []).map(({ name, status: state }) => `${name} ${state || "Pending"}`);
  const runs = (status?.analysisRuns ?? []).map(({ name, phase }) => `${name} ${phase || "Pending"}`);
  const words = status?.message === undefined ? "" : ` - ${status.message}`;
  return `${phaseOf(experiment)}${words}: ${[...states, ...runs].join(", ")}`;
}
