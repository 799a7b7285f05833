import { amount, type Checked, type FaultResult, percent, type Rehearsal, span } from "@sluice/rehearsal";
import { padEnd, paint, width } from "../terminal/style.ts";

const columns = 100;
const labels = { argo: "as Argo Rollouts", sluice: "as Sluice" } as const;

/** The page in a terminal, at most 100 columns wide. */
export function renderRehearsal(rehearsal: Rehearsal, color: boolean): string {
  const { rollout, namespace, traffic, seed } = rehearsal;
  const users = `${amount(traffic.requestsPerSecond)} requests/s, ${percent(traffic.errors)} errors, p95 ${amount(traffic.p95Ms)} ms`;
  const title = `${paint("bold", `${namespace}/${rollout}`, color)}  ${users}, seed ${seed}`;
  const notes = [
    ...rehearsal.madeUp.map((what) => `made up, since the files don't hold it: ${what}`),
    ...rehearsal.unanswerable.map(
      ({ template, metric, because }) => `not rehearsed: ${template}/${metric}: ${because}; it decides nothing here`,
    ),
  ];
  const sections = [
    title,
    rehearsal.learned.map((words, index) => wrapped(words, index === 0 ? "learned from " : "  ")).join("\n"),
    notes.map((note) => wrapped(note, "  ")).join("\n"),
    rehearsal.words.map((words) => wrapped(words, "- ")).join("\n"),
    renderFaults(rehearsal, color),
    renderSteps(rehearsal, color),
    renderGood(rehearsal, color),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function renderFaults({ profiles }: Rehearsal, color: boolean): string {
  const names = (["argo", "sluice"] as const).filter((name) => profiles[name] !== undefined);
  const headers = ["fault", ...names.flatMap(() => ["", "caught by", "at", "after", "harmed p95"])];
  const first = names[0] === undefined ? [] : (profiles[names[0]]?.faults ?? []);
  const rows = first.map(({ fault }) => [
    fault,
    ...names.flatMap((name) =>
      cellsOf(
        profiles[name]?.faults.find((one) => one.fault === fault),
        color,
      ),
    ),
  ]);
  const widths = headers.map((header, column) =>
    Math.max(width(header), ...rows.map((row) => width(row[column] ?? ""))),
  );
  const over = widths[0] ?? 0;
  const half = (widths.slice(1, 6).reduce((sum, one) => sum + one, 0) ?? 0) + 4;
  const titles = `${" ".repeat(over)} | ${names.map((name) => padEnd(paint("bold", labels[name], color), half)).join(" | ")}`;
  return [titles.trimEnd(), ...[headers, ...rows].map((row) => lineOf(row, widths))].join("\n");
}

const lineOf = (row: readonly string[], widths: readonly number[]): string =>
  row
    .map((cell, column) => `${column % 5 === 1 ? "| " : ""}${padEnd(cell, widths[column] ?? 0)}`)
    .join(" ")
    .trimEnd();

function cellsOf(result: FaultResult | undefined, color: boolean): readonly string[] {
  if (result === undefined) return ["", "", "", "", ""];
  const { caught, by, weight, seconds, harmedMedian, harmedP95, isHarmful } = result;
  const share = percent(caught);
  const good = isHarmful ? caught >= 0.95 : caught <= 0.05;
  const bad = isHarmful ? caught < 0.5 : caught > 0.5;
  const harm = harmedP95 === 0 ? "0" : `${short(harmedMedian)} ${short(harmedP95)}`;
  return [
    paint(good ? "green" : bad ? "red" : "yellow", share.replace(" ", ""), color),
    cut(by ?? "-", 12),
    weight === undefined ? "-" : percent(weight).replace(" ", ""),
    seconds === undefined ? "-" : span(seconds).replace(" ", ""),
    harm,
  ];
}

const short = (count: number): string =>
  count < 10_000
    ? String(Math.round(count))
    : count < 1e6
      ? `${Math.round(count / 1000)}k`
      : `${(count / 1e6).toFixed(1)}M`;

const cut = (text: string, most: number): string => {
  const plain = text
    .replace("judge: ", "")
    .replace("failures of an endpoint", "one endpoint")
    .replace("InconclusiveAnalysisRun", "inconclusive")
    .replace("progress deadline", "deadline");
  return plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
};

function renderSteps({ steps }: Rehearsal, color: boolean): string {
  if (steps.length === 0) return "";
  const seen = (errors: number | undefined) =>
    errors === undefined ? "nothing" : `+${Math.round(errors * 1000) / 10}pp`;
  const rows = steps.map((step) => [
    percent(step.weight),
    step.seconds === undefined ? "-" : span(step.seconds),
    step.canaryRequests === undefined ? "-" : amount(step.canaryRequests),
    seen(step.smallest.argo),
    seen(step.smallest.sluice),
  ]);
  const headers = ["weight", "time", "canary requests", "Argo Rollouts sees", "Sluice sees"];
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join("   ")
      .trimEnd();
  const title = paint(
    "bold",
    "the smallest added failures that half of the releases are stopped for, by the end of a step",
    color,
  );
  return [title, line(headers), ...rows.map(line)].join("\n");
}

function renderGood({ profiles }: Rehearsal, color: boolean): string {
  const lines = (["argo", "sluice"] as const).flatMap((name) => {
    const good = profiles[name]?.good;
    if (good === undefined) return [];
    const { falseAborts, asked, runs, seconds, waitedSeconds } = good;
    const words = `${Math.round(falseAborts * 1000) / 10} false aborts and ${Math.round(asked * 1000) / 10} needless questions per 100 (of ${runs})`;
    const rules = Object.entries(good.rules).map(([rule, count]) => `${rule} ${count}`);
    const by = rules.length === 0 ? "" : ` by ${rules.join(", ")}`;
    const waiting = waitedSeconds > 0 ? `, ${span(waitedSeconds)} of it for people` : "";
    return [wrapped(`${labels[name]}: ${words}${by}; ${span(seconds)}${waiting}`, "  ")];
  });
  return [paint("bold", "good releases", color), ...lines].join("\n");
}

/** What `--require` asked for. */
export const renderChecks = (checks: readonly Checked[], color: boolean): string =>
  checks
    .map(({ requirement, isMet, found }) =>
      isMet
        ? `${paint("green", "met", color)}      ${requirement}: ${found}`
        : `${paint("red", "not met", color)}  ${requirement}: ${found}`,
    )
    .join("\n");

function wrapped(text: string, lead: string): string {
  const lines: string[] = [];
  let line = lead;
  for (const word of text.split(" ")) {
    if (line.length + word.length > columns && line.trim() !== "") {
      lines.push(line.trimEnd());
      line = " ".repeat(lead.length);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n");
}
