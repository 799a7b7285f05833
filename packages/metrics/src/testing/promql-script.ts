/** The scripting language of Prometheus' own PromQL tests: `load`, `clear`, `eval`. */
import { parsePromql } from "@sluice/languages";
import { type Labels, labelsOf } from "../labels.ts";

export type Point = number | "gap" | "stale" | "histogram";

export interface LoadCommand {
  readonly is: "load";
  readonly stepMs: number;
  readonly series: readonly { readonly labels: Labels; readonly points: readonly Point[] }[];
}

export interface EvalCommand {
  readonly is: "eval";
  readonly line: number;
  readonly query: string;
  readonly times: { readonly start: number; readonly end: number; readonly step: number };
  readonly isRange: boolean;
  readonly fails: boolean;
  readonly failMessage?: string;
  readonly ordered: boolean;
  readonly annotations: readonly ("warn" | "info" | "no_warn" | "no_info")[];
  /** `expect range vector`: the times of the raw samples. */
  readonly rawTimes?: { readonly start: number; readonly step: number };
  readonly text?: string;
  readonly scalar?: Point;
  readonly rows: readonly { readonly labels: Labels; readonly points: readonly Point[] }[];
}

export type Command = LoadCommand | EvalCommand | { readonly is: "clear" };

const units: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function duration(text: string): number {
  if (/^-?[\d.]+$/.test(text)) return Number(text) * 1000;
  return [...text.matchAll(/([\d.]+)(ms|[smhd])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0),
    0,
  );
}

export function readScript(script: string): Command[] {
  const lines = script.split("\n").map((line) => line.trim());
  const commands: Command[] = [];
  let at = 0;
  while (at < lines.length) {
    const from = at;
    const line = lines[at++] ?? "";
    if (line === "" || line.startsWith("#")) continue;
    const body: string[] = [];
    while (at < lines.length && lines[at] !== "" && !/^(load|clear|eval)/.test(lines[at] ?? "")) {
      const next = lines[at++] ?? "";
      if (!next.startsWith("#")) body.push(next);
    }
    if (line === "clear") commands.push({ is: "clear" });
    else if (line.startsWith("load")) commands.push(readLoad(line, body));
    else if (line.startsWith("eval")) commands.push(readEval(line, body, from + 1));
    else throw new Error(`line ${from + 1}: no command: ${line}`);
  }
  return commands;
}

function readLoad(line: string, body: readonly string[]): LoadCommand {
  return { is: "load", stepMs: duration(line.split(/\s+/)[1] ?? ""), series: body.map(readSeries) };
}

function readEval(line: string, body: readonly string[], number: number): EvalCommand {
  const instant = /^eval(_\w+)? instant at (\S+)\s+(.*)$/.exec(line);
  const range = /^eval(_\w+)? range from (\S+) to (\S+) step (\S+)\s+(.*)$/.exec(line);
  const legacy = instant?.[1] ?? range?.[1];
  const expectations = body.filter((each) => each.startsWith("expect "));
  const results = body.filter((each) => !each.startsWith("expect "));
  const raw = expectations
    .map((each) => /^expect range vector from (\S+) to (\S+) step (\S+)/.exec(each))
    .find(Boolean);
  const text = expectations.map((each) => /^expect string (.*)$/.exec(each)?.[1]).find((each) => each !== undefined);
  const failure = expectations.find((each) => each.startsWith("expect fail"));
  const message = failure === undefined ? undefined : /msg:\s*(.*)$/.exec(failure)?.[1];
  const start = duration(instant?.[2] ?? range?.[2] ?? "");
  const scalar = results.length === 1 && /^[-+.\dIN]/.test(results[0] ?? "") ? results[0] : undefined;
  return {
    is: "eval",
    line: number,
    query: instant?.[3] ?? range?.[5] ?? "",
    times: { start, end: range ? duration(range[3] ?? "") : start, step: range ? duration(range[4] ?? "") : 1 },
    isRange: range !== null,
    fails: legacy === "_fail" || failure !== undefined,
    ...(message === undefined ? {} : { failMessage: message }),
    ordered: legacy === "_ordered" || expectations.includes("expect ordered"),
    annotations: expectations.flatMap((each) => {
      const kind = /^expect (warn|info|no_warn|no_info)/.exec(each)?.[1];
      return kind === undefined ? [] : [kind as "warn"];
    }),
    ...(raw ? { rawTimes: { start: duration(raw[1] ?? ""), step: duration(raw[3] ?? "") } } : {}),
    ...(text === undefined ? {} : { text: unquote(text) }),
    ...(scalar === undefined ? {} : { scalar: readPoints(scalar)[0] as Point }),
    rows: scalar === undefined ? results.map(readSeries) : [],
  };
}

function unquote(text: string): string {
  const literal = parsePromql(text);
  return literal.is === "parsed" && literal.value.is === "string" ? literal.value.value : text;
}

function readSeries(line: string): { labels: Labels; points: Point[] } {
  const split = /^([A-Za-z_:][\w:]*)?\s*(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s*(.*)$/.exec(line);
  if (split === null) throw new Error(`no series: ${line}`);
  const [, name, braces, points] = split;
  const isHistogramOnly = braces?.startsWith("{{") ?? false;
  const pairs = [...(isHistogramOnly ? "" : (braces ?? "")).matchAll(/(\w+)\s*=\s*("(?:[^"\\]|\\.)*")/g)];
  const labels = labelsOf({
    ...(name === undefined ? {} : { __name__: name }),
    ...Object.fromEntries(pairs.map(([, label, value]) => [label ?? "", JSON.parse(value ?? '""') as string])),
  });
  return { labels, points: readPoints(`${isHistogramOnly ? braces : ""}${points ?? ""}`) };
}

/** `1+2x3` is 1 3 5 7, `5x2` is 5 5 5, `_x2` is two gaps. */
function readPoints(text: string): Point[] {
  const words = text.replace(/\{\{[^}]*\}\}/g, "H").split(/\s+/);
  return words
    .filter((word) => word !== "")
    .flatMap((word): Point[] => {
      if (word === "_") return ["gap"];
      if (word === "stale") return ["stale"];
      const gaps = /^_x(\d+)$/.exec(word);
      if (gaps !== null) return Array.from({ length: Number(gaps[1]) }, () => "gap" as const);
      if (word.includes("H")) {
        const times = /x(\d+)$/.exec(word)?.[1];
        return Array.from({ length: times === undefined ? 1 : Number(times) + 1 }, () => "histogram" as const);
      }
      const repeated = /^([-+]?(?:[\d.]+(?:e[-+]?\d+)?|inf|nan))(?:([-+](?:[\d.]+(?:e[-+]?\d+)?)))?x(\d+)$/i.exec(word);
      if (repeated === null) return [readFloat(word)];
      const [, first, change, times] = repeated;
      const step = change === undefined ? 0 : Number(change);
      return Array.from({ length: Number(times) + 1 }, (_, index) => readFloat(first ?? "") + index * step);
    });
}

function readFloat(word: string): number {
  if (/^[-+]?inf$/i.test(word)) return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(word);
  if (Number.isNaN(value) && !/^nan$/i.test(word)) throw new Error(`no number: ${word}`);
  return value;
}
