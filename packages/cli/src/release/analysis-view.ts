import { type AnalysisRun, controllerOf, type Measurement, type Metric } from "@sluice/api";
import { withArguments } from "@sluice/api/release";
import { ageOf } from "../terminal/age.ts";
import { flow } from "../terminal/flow.ts";
import { markedState, measurementMark } from "../terminal/marks.ts";
import { paint } from "../terminal/style.ts";
import { type Branch, renderTrees } from "../terminal/tree.ts";
import { measuredText, metricBranch, places } from "./render-analysis.ts";
import type { Surroundings } from "./render-version.ts";
import { type Row, rowLines } from "./row.ts";

const measurementsShown = 5;

/** The run as text: phase, whose it is, and of each metric what it asks, what it wants, and what was measured last. */
export function renderAnalysisRun(run: AnalysisRun, { columns, now }: Surroundings): string {
  const { metadata, spec, status } = run;
  const head = flow(
    [
      paint("bold", `${metadata.namespace}/${metadata.name}`),
      paint("dim", "analysis run"),
      markedState(status?.phase || "Pending"),
      status?.message ?? "",
    ],
    { columns, indent: 2 },
  );
  const names = Math.max(...spec.metrics.map(({ name }) => name.length));
  const metrics = spec.metrics.map((metric): Branch => {
    const { parts } = metricBranch(run, metric, names);
    return { parts, below: [...questionBranches(run, metric), ...measurementBranches(run, metric, now)] };
  });
  return [
    ...head,
    "",
    ...rows(run, now).flatMap((row) => rowLines(row, columns)),
    "",
    ...renderTrees(metrics, columns),
  ].join("\n");
}

function rows(run: AnalysisRun, now: number): readonly Row[] {
  const { metadata, spec, status } = run;
  const owner = controllerOf(run);
  const isOver = !["", "Pending", "Running"].includes(status?.phase ?? "");
  const where = metadata.namespace === undefined || metadata.namespace === "default" ? "" : ` -n ${metadata.namespace}`;
  const terminate = paint("cyan", `sluice analysis terminate ${metadata.name}${where}`);
  const place = places[metadata.labels?.["rollout-type"] ?? ""] ?? "";
  const ended = status?.completedAt === undefined ? "" : `ended ${ageOf(status.completedAt, now)} ago`;
  return [
    ...(owner === undefined ? [] : [{ name: "of", parts: [`${owner.kind.toLowerCase()} ${owner.name}`, place] }]),
    {
      name: "begun",
      parts: [status?.startedAt === undefined ? "not yet" : `${ageOf(status.startedAt, now)} ago`, ended],
    },
    ...(isOver || spec.terminate === true ? [] : [{ name: "end it", parts: [terminate] }]),
  ];
}

/** What a metric asks, with the arguments put in; secrets stay names. */
function questionBranches({ spec }: AnalysisRun, { provider }: Metric): readonly Branch[] {
  const text = provider.prometheus?.query ?? provider.web?.url;
  if (text === undefined) return [];
  const asked = withArguments(text, spec.args).trim().replace(/\s+/g, " ");
  return [{ parts: [paint("dim", "asks"), paint("dim", asked)] }];
}

function measurementBranches({ status }: AnalysisRun, metric: Metric, now: number): readonly Branch[] {
  const measured = status?.metricResults?.find(({ name }) => name === metric.name)?.measurements ?? [];
  return measured.slice(-measurementsShown).map((one): Branch => ({ parts: measurementParts(one, now) }));
}

const measurementParts = ({ phase, value, message = "", startedAt, finishedAt }: Measurement, now: number) => [
  `${measurementMark(phase)} ${measuredText(value)}`,
  paint("dim", `${ageOf(finishedAt ?? startedAt, now)} ago`),
  paint("yellow", message),
];

/** Where it stands, without anything that only counts time. */
export function analysisLine({ status }: AnalysisRun): string {
  const results = (status?.metricResults ?? []).map(({ name, measurements }) => {
    const last = measurements?.at(-1);
    return last === undefined ? `${name} -` : `${name} ${measuredText(last.value)} ${last.phase}`;
  });
  const words = status?.message === undefined ? "" : ` - ${status.message}`;
  return `${status?.phase || "Pending"}${words}${results.length === 0 ? "" : `: ${results.join(", ")}`}`;
}
