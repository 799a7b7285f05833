import {
  amount,
  type Checked,
  type FaultResult,
  percent,
  premiseOf,
  type Rehearsal,
  shareOf,
  span,
} from "@sluice/rehearsal";
import { padEnd, paint, width } from "../terminal/style.ts";

const most = 100;
const least = 60;
const labels = { argo: "as Argo Rollouts", sluice: "as Sluice" } as const;

/** How wide a page may be: as the terminal, where there is one. */
export const pageColumns = (stream: { readonly columns?: number | undefined } = process.stdout): number =>
  Math.max(least, Math.min(most, stream.columns ?? most));

/** The page in a terminal, `columns` wide at most: the profiles stand side by side where there is room. */
export function renderRehearsal(rehearsal: Rehearsal, color: boolean, columns = most): string {
  const wrapped = wrapTo(columns);
  const { rollout, namespace } = rehearsal;
  const name = `${namespace}/${rollout}`;
  const title = wrapped(`${name}  ${premiseOf(rehearsal)}`, "").replace(name, paint("bold", name, color));
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
    renderFaults(rehearsal, color, columns),
    renderSteps(rehearsal, color, columns),
    renderGood(rehearsal, color, columns),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

const headers = ["", "caught by", "at", "after", "harmed/p95"] as const;

function renderFaults({ profiles }: Rehearsal, color: boolean, columns: number): string {
  const names = (["argo", "sluice"] as const).filter((name) => profiles[name] !== undefined);
  const tables = names.map((name) => {
    const rows = (profiles[name]?.faults ?? []).map((result) => cellsOf(result, color));
    const widths = headers.map((header, place) =>
      Math.max(header.length, ...rows.map((row) => width(row[place] ?? ""))),
    );
    const inner = widths.reduce((sum, one) => sum + one + 1, -1);
    const lines = [headers, ...rows].map((row) => row.map((cell, place) => padEnd(cell, widths[place] ?? 0)).join(" "));
    return [padEnd(paint("bold", labels[name], color), inner), ...lines];
  });
  const faults = ["", "fault", ...((names[0] && profiles[names[0]]?.faults) ?? []).map(({ fault }) => fault)];
  const over = Math.max(...faults.map(width));
  const beside = (parts: readonly (readonly string[])[]) =>
    faults.map((fault, place) =>
      [padEnd(fault, over), ...parts.map((part) => part[place] ?? "")].join(" | ").trimEnd(),
    );
  const together = beside(tables);
  if (Math.max(...together.map(width)) <= columns) return together.join("\n");
  return tables.map((table) => beside([table]).join("\n")).join("\n\n");
}

function cellsOf(result: FaultResult, color: boolean): readonly string[] {
  const { caught, by, weight, seconds, harmedMedian, harmedP95, isHarmful } = result;
  const share = percent(caught);
  const good = isHarmful ? caught >= 0.95 : caught <= 0.05;
  const bad = isHarmful ? caught < 0.5 : caught > 0.5;
  return [
    paint(good ? "green" : bad ? "red" : "yellow", share.replace(" ", ""), color),
    cut(by ?? "-", 12),
    weight === undefined ? "-" : percent(weight).replace(" ", ""),
    seconds === undefined ? "-" : span(seconds).replace(" ", ""),
    harmedP95 === 0 ? "0" : `${short(harmedMedian)}/${short(harmedP95)}`,
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
    .replace(/^InconclusiveAnalysisRun.*/, "inconclusive")
    .replace("progress deadline", "deadline");
  return plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
};

function renderSteps({ steps }: Rehearsal, color: boolean, columns: number): string {
  if (steps.length === 0) return "";
  const seen = (errors: number | undefined) =>
    errors === undefined ? "nothing" : `+${Math.round(errors * 1000) / 10}pp`;
  const rows = steps.map((step) => [
    shareOf(step),
    step.seconds === undefined ? "-" : span(step.seconds),
    step.canaryRequests === undefined ? "-" : amount(step.canaryRequests),
    seen(step.smallest.argo),
    seen(step.smallest.sluice),
  ]);
  const wide = tableOf([["weight", "time", "canary requests", "Argo Rollouts sees", "Sluice sees"], ...rows]);
  const fits = wide.every((line) => line.length <= columns);
  const table = fits ? wide : tableOf([["weight", "time", "requests", "Argo", "Sluice"], ...rows]);
  const what = "the smallest added failures that half of the releases are stopped for, by the end of a step";
  const title = wrapTo(columns)(what, "")
    .split("\n")
    .map((part) => paint("bold", part, color));
  return [...title, ...table].join("\n");
}

function tableOf(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}

function renderGood({ profiles }: Rehearsal, color: boolean, columns: number): string {
  const lines = (["argo", "sluice"] as const).flatMap((name) => {
    const good = profiles[name]?.good;
    if (good === undefined) return [];
    const { falseAborts, asked, runs, seconds, waitedSeconds } = good;
    const words = `${Math.round(falseAborts * 1000) / 10} false aborts and ${Math.round(asked * 1000) / 10} needless questions per 100 (of ${runs})`;
    const rules = Object.entries(good.rules).map(([rule, count]) => `${rule} ${count}`);
    const by = rules.length === 0 ? "" : ` by ${rules.join(", ")}`;
    const waiting = waitedSeconds > 0 ? `, ${span(waitedSeconds)} of it for people` : "";
    return [wrapTo(columns)(`${labels[name]}: ${words}${by}; ${span(seconds)}${waiting}`, "  ")];
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

const wrapTo =
  (columns: number) =>
  (text: string, lead: string): string => {
    const lines: string[] = [];
    let line = lead;
    // A number keeps its unit beside it.
    for (const word of text.split(/ (?!%)/)) {
      if (line.length + word.length > columns && line.trim() !== "") {
        lines.push(line.trimEnd());
        line = " ".repeat(lead.length);
      }
      line += `${word} `;
    }
    return [...lines, line.trimEnd()].join("\n");
  };
