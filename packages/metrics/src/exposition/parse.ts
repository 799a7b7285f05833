import { fromPairs, type Labels, metricNameLabel } from "../labels.ts";

type MetricType =
  | "counter"
  | "gauge"
  | "histogram"
  | "summary"
  | "untyped"
  | "unknown"
  | "info"
  | "stateset"
  | "gaugehistogram";

export interface Family {
  readonly name: string;
  type: MetricType;
  help: string;
  unit: string;
}

/** `series` is the text before the value: equal texts are equal series, so labels are read once for each. */
export interface ExposedSample {
  readonly series: string;
  readonly value: number;
  /** Epoch milliseconds, where the target names one. */
  readonly timestamp: number | undefined;
}

interface Exposition {
  readonly samples: readonly ExposedSample[];
  readonly families: ReadonlyMap<string, Family>;
}

export type ExpositionFormat = "prometheus-text" | "openmetrics";

/** What is wrong, and in which line, from 1. */
interface ExpositionRefusal {
  readonly line: number;
  readonly message: string;
}

export type ExpositionOutcome =
  | { readonly is: "read"; readonly exposition: Exposition }
  | { readonly is: "refused"; readonly refusal: ExpositionRefusal };

export interface ExpositionLimits {
  readonly samplesMax: number;
  readonly seriesTextMax: number;
}

const defaultExpositionLimits: ExpositionLimits = { samplesMax: 200_000, seriesTextMax: 16_384 };

const types: ReadonlySet<string> = new Set<MetricType>([
  "counter",
  "gauge",
  "histogram",
  "summary",
  "untyped",
  "unknown",
  "info",
  "stateset",
  "gaugehistogram",
]);

class LineRefused extends Error {}

/**
 * Prometheus' text format 0.0.4, or OpenMetrics 1.0 in text. One bad line refuses the whole: half a scrape would lie.
 * https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md
 */
export function parseExposition(
  text: string,
  format: ExpositionFormat,
  limits: ExpositionLimits = defaultExpositionLimits,
): ExpositionOutcome {
  const samples: ExposedSample[] = [];
  const families = new Map<string, Family>();
  const isOpenMetrics = format === "openmetrics";
  let line = 0;
  let at = 0;
  let isEnded = false;
  try {
    while (at < text.length) {
      line++;
      const newline = text.indexOf("\n", at);
      const end = newline < 0 ? text.length : newline;
      const content = text.slice(at, end).trim();
      at = end + 1;
      if (isEnded) throw new LineRefused("something follows # EOF");
      if (content === "") {
        if (isOpenMetrics) throw new LineRefused("an empty line, which OpenMetrics forbids");
      } else if (content === "# EOF" && isOpenMetrics) isEnded = true;
      else if (content.startsWith("#")) readComment(content, families);
      else samples.push(readSample(content, isOpenMetrics, limits));
      if (samples.length > limits.samplesMax) throw new LineRefused(`more than ${limits.samplesMax} samples`);
    }
    if (isOpenMetrics && !isEnded) throw new LineRefused("the text ends without # EOF");
  } catch (thrown) {
    if (thrown instanceof LineRefused) return { is: "refused", refusal: { line, message: thrown.message } };
    throw thrown;
  }
  return { is: "read", exposition: { samples, families } };
}

function readComment(line: string, families: Map<string, Family>): void {
  const match = /^#\s+(HELP|TYPE|UNIT)\s+("(?:[^"\\]|\\.)*"|\S+)\s?(.*)$/.exec(line);
  if (match === null) return;
  const [, keyword, rawName = "", text = ""] = match;
  const name = rawName.startsWith('"') ? withoutEscapes(rawName.slice(1, -1)) : rawName;
  const family = families.get(name) ?? { name, type: "unknown", help: "", unit: "" };
  families.set(name, family);
  if (keyword === "HELP") family.help = withoutEscapes(text).slice(0, 1000);
  else if (keyword === "UNIT") family.unit = text.trim();
  else {
    const type = text.trim().toLowerCase();
    if (!types.has(type)) throw new LineRefused(`"${type.slice(0, 40)}" is no type of a metric`);
    family.type = type as MetricType;
  }
}

function readSample(line: string, isOpenMetrics: boolean, limits: ExpositionLimits): ExposedSample {
  const end = endOfSeries(line);
  const series = line.slice(0, end).trimEnd();
  if (series.length > limits.seriesTextMax)
    throw new LineRefused(`a series of ${series.length} characters; at most ${limits.seriesTextMax} are read`);
  let rest = line.slice(end);
  // An exemplar belongs to a trace, and there is no store for it: read past it.
  const exemplar = isOpenMetrics ? rest.indexOf(" # ") : -1;
  if (exemplar >= 0) rest = rest.slice(0, exemplar);
  const words = rest.trim().split(/[ \t]+/);
  const value = readValue(words[0] ?? "");
  if (value === undefined || series === "")
    throw new LineRefused(`"${(words[0] ?? "").slice(0, 40)}" is no value of a sample`);
  if (words.length > 2) throw new LineRefused(`"${(words[2] ?? "").slice(0, 40)}" after value and timestamp`);
  if (words[1] === undefined) return { series, value, timestamp: undefined };
  const stamp = isOpenMetrics ? readValue(words[1]) : /^-?\d+$/.test(words[1]) ? Number(words[1]) : undefined;
  if (stamp === undefined || !Number.isFinite(stamp))
    throw new LineRefused(`"${words[1].slice(0, 40)}" is no timestamp`);
  return { series, value, timestamp: Math.round(isOpenMetrics ? stamp * 1000 : stamp) };
}

/** The offset after the name and its labels. Values may hold braces and blanks, in quotes. */
function endOfSeries(line: string): number {
  const brace = line.indexOf("{");
  const blank = line.search(/[ \t]/);
  if (brace < 0 || (blank >= 0 && blank < brace && line.slice(blank, brace).trim() !== "")) {
    if (blank < 0) throw new LineRefused("a series without a value");
    return blank;
  }
  let inQuotes = false;
  for (let at = brace + 1; at < line.length; at++) {
    const character = line.charCodeAt(at);
    if (character === 92 && inQuotes) at++;
    else if (character === 34) inQuotes = !inQuotes;
    else if (character === 125 && !inQuotes) return at + 1;
  }
  throw new LineRefused("labels without their closing }");
}

function readValue(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^nan$/i.test(text)) return Number.NaN;
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return undefined;
}

const escapes: { readonly [letter: string]: string } = { n: "\n", "\\": "\\", '"': '"' };
const withoutEscapes = (text: string): string =>
  text.includes("\\") ? text.replace(/\\(.)/g, (whole, letter: string) => escapes[letter] ?? whole) : text;

const bareName = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const label = /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|"((?:[^"\\]|\\.)*)")\s*(?:(=)\s*"((?:[^"\\]|\\.)*)")?\s*(,|$)/y;
const labelsMax = 64;

export type SeriesTextOutcome =
  | { readonly is: "read"; readonly labels: Labels }
  | { readonly is: "refused"; readonly message: string };

/** `name{label="value",…}` or `{"name",label="value",…}`, as a sample's line begins. */
export function parseSeriesText(series: string): SeriesTextOutcome {
  const refuse = (message: string): SeriesTextOutcome => ({ is: "refused", message });
  const brace = series.indexOf("{");
  let name = (brace < 0 ? series : series.slice(0, brace)).trim();
  if (name !== "" && !bareName.test(name)) return refuse(`"${name.slice(0, 60)}" is no name of a metric`);
  const pairs: [string, string][] = [];
  const body = brace < 0 ? "" : series.slice(brace + 1, -1).trim();
  let at = 0;
  while (at < body.length) {
    label.lastIndex = at;
    const match = label.exec(body);
    if (match === null) return refuse(`no label at "${body.slice(at, at + 60)}"`);
    const [, bare, quoted, equals, value] = match;
    const key = bare ?? withoutEscapes(quoted ?? "");
    if (equals === undefined) {
      if (quoted === undefined || name !== "") return refuse(`label "${key.slice(0, 60)}" has no value`);
      name = key;
    } else {
      if (key === "" || key === metricNameLabel) return refuse(`"${key}" is no name of a label`);
      if (pairs.some(([other]) => other === key)) return refuse(`label "${key.slice(0, 60)}" stands twice`);
      pairs.push([key, withoutEscapes(value ?? "")]);
    }
    if (pairs.length > labelsMax) return refuse(`more than ${labelsMax} labels`);
    at = label.lastIndex;
  }
  if (name === "") return refuse("a series without a name");
  return { is: "read", labels: fromPairs([...pairs, [metricNameLabel, name]]) };
}

/** The family a sample belongs to: `x_bucket`, `x_sum` and `x_count` to `x`, OpenMetrics' `x_total` to `x`. */
export function familyOf(name: string, families: ReadonlyMap<string, Family>): Family | undefined {
  const own = families.get(name);
  if (own !== undefined) return own;
  const suffix = /_(?:bucket|sum|count|total|created|info)$/.exec(name);
  return suffix === null ? undefined : families.get(name.slice(0, suffix.index));
}

/** Whether the series starts at 0 and only grows, so that its first value is a gain. */
export function startsAtZero(name: string, family: Family | undefined): boolean {
  switch (family?.type) {
    case "counter":
      return !name.endsWith("_created");
    case "histogram":
      return /_(?:bucket|count|sum)$/.test(name);
    case "summary":
      return /_(?:count|sum)$/.test(name);
    default:
      return false;
  }
}
