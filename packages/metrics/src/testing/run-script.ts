import { type Instant, instant, millis } from "@sluice/kernel";
import { compileMatcher, type PromqlExpression, parsePromql, withoutParentheses } from "@sluice/languages";
import type { QueryOutcome, QueryResult } from "../evaluate/outcome.ts";
import { queryInstant, queryRange } from "../evaluate/query.ts";
import { compareLabels, describeLabels, type Labels, labelsKey, labelValue } from "../labels.ts";
import { MemoryStore } from "../storage/memory-store.ts";
import type { EvalCommand, LoadCommand, Point } from "./promql-script.ts";
import { readScript } from "./promql-script.ts";

export interface Tally {
  passed: number;
  /** Refused by name, or about data that can't be stored: native histograms. */
  refused: number;
  wrong: number;
  /** Runs of passed cases at other times and as range queries. */
  repeated: number;
  readonly problems: string[];
}

/** Prometheus' test engine stores at most this many samples for a query. */
const options = { samplesMax: 100_000 };

export function runScript(script: string): Tally {
  const tally: Tally = { passed: 0, refused: 0, wrong: 0, repeated: 0, problems: [] };
  let world = new World();
  for (const command of readScript(script)) {
    if (command.is === "clear") world = new World();
    else if (command.is === "load") world.load(command);
    else world.judge(command, tally);
  }
  return tally;
}

class World {
  readonly #store = new MemoryStore();
  readonly #histograms: Labels[] = [];

  load(command: LoadCommand): void {
    // A series that is written twice in one load counts as it is written last.
    const last = new Map(command.series.map((each) => [labelsKey(each.labels), each]));
    for (const { labels, points } of last.values()) {
      const series = this.#store.seriesFor(labels);
      if (points.includes("histogram")) this.#histograms.push(labels);
      for (const [index, point] of points.entries()) {
        const time = index * command.stepMs;
        if (typeof point === "number") this.#store.append(series, time, point);
        else if (point === "stale") this.#store.markStale(series, time);
      }
    }
  }

  judge(command: EvalCommand, tally: Tally): void {
    const { start, end, step } = command.times;
    const outcome = command.isRange
      ? queryRange(
          this.#store,
          command.query,
          { start: instant(start), end: instant(end), step: millis(step) },
          options,
        )
      : queryInstant(this.#store, command.query, instant(start), options);
    const touchesHistograms = this.#readsHistograms(command);
    const problem = compare(command, outcome);
    if (touchesHistograms || (outcome.is === "refused" && !command.fails && isUnsupported(outcome.refusal.message)))
      tally.refused++;
    else if (problem === undefined) {
      tally.passed++;
      if (!command.isRange && !command.fails) this.#repeat(command, tally);
    } else {
      tally.wrong++;
      tally.problems.push(`line ${command.line}: ${command.query}: ${problem}`);
    }
  }

  /** What Prometheus' own runner does with each instant query, too. */
  #repeat(command: EvalCommand, tally: Tally): void {
    const at = command.times.start;
    const pinned = pinSelectors(command.query, at);
    const runs: [string, QueryOutcome][] = [];
    if (pinned !== undefined && command.rawTimes === undefined)
      for (const elsewhere of [at - 60_000, at + 60_000, at + 3_600_000])
        runs.push([`@ at ${elsewhere}`, queryInstant(this.#store, pinned, instant(elsewhere), options)]);
    if (command.rawTimes === undefined && command.text === undefined && !command.ordered)
      runs.push(["as a range", this.#middleOfRange(command.query, instant(at))]);
    for (const [name, outcome] of runs) {
      const problem = compare({ ...command, ordered: false, annotations: [] }, outcome);
      tally.repeated++;
      if (problem === undefined) continue;
      tally.wrong++;
      tally.problems.push(`line ${command.line}, ${name}: ${command.query}: ${problem}`);
    }
  }

  #middleOfRange(query: string, at: Instant): QueryOutcome {
    const range = { start: instant(at - 60_000), end: instant(at + 60_000), step: millis(60_000) };
    const outcome = queryRange(this.#store, query, range, options);
    if (outcome.is === "refused" || outcome.result.type !== "matrix") return outcome;
    const samples = outcome.result.series.flatMap(({ labels, times, values }) => {
      const index = times.indexOf(at);
      return index < 0 ? [] : [{ labels, at, value: values[index] as number }];
    });
    const parsed = parsePromql(query);
    const isScalar = parsed.is === "parsed" && samples.length === 1 && samples[0]?.labels.length === 0;
    const single = samples[0];
    const result: QueryResult =
      isScalar && single !== undefined && queryInstant(this.#store, query, at, options).is === "answered"
        ? sameShape(queryInstant(this.#store, query, at, options), single.value, at, samples)
        : { type: "vector", samples };
    return { is: "answered", result, warnings: [], infos: [] };
  }

  #readsHistograms(command: EvalCommand): boolean {
    const isShown = command.rows.some((row) => row.points.includes("histogram"));
    const parsed = parsePromql(command.query);
    if (parsed.is === "refused") return isShown;
    return (
      isShown ||
      selectorsOf(parsed.value).some((matchers) => this.#histograms.some((labels) => matches(labels, matchers)))
    );
  }
}

function sameShape(
  instantly: QueryOutcome,
  value: number,
  at: number,
  samples: Extract<QueryResult, { type: "vector" }>["samples"],
): QueryResult {
  const isScalar = instantly.is === "answered" && instantly.result.type === "scalar";
  return isScalar ? { type: "scalar", at, value } : { type: "vector", samples };
}

const isUnsupported = (message: string): boolean => /not supported|is experimental|that is supported/.test(message);

type Matchers = Extract<PromqlExpression, { is: "selector" }>["matchers"];

function matches(labels: Labels, matchers: Matchers): boolean {
  return matchers.every((matcher) => {
    const test = compileMatcher(matcher);
    return test.is === "parsed" && test.value(labelValue(labels, matcher.label));
  });
}

function children(expression: PromqlExpression): readonly PromqlExpression[] {
  switch (expression.is) {
    case "binary":
      return [expression.left, expression.right];
    case "unary":
      return [expression.operand];
    case "parenthesis":
    case "subquery":
      return [expression.inner];
    case "call":
      return expression.parameters;
    case "aggregation":
      return [expression.operand, ...(expression.parameter === undefined ? [] : [expression.parameter])];
    default:
      return [];
  }
}

function selectorsOf(expression: PromqlExpression): Matchers[] {
  if (expression.is === "selector") return [expression.matchers];
  if (expression.is === "range") return [expression.selector.matchers];
  return children(expression).flatMap(selectorsOf);
}

/** The query with `@` on every selector; undefined where time plays a part besides. */
function pinSelectors(query: string, at: number): string | undefined {
  const parsed = parsePromql(query);
  if (parsed.is === "refused") return undefined;
  const ends: number[] = [];
  let dependsOnTime = false;
  const visit = (expression: PromqlExpression): void => {
    const inner = withoutParentheses(expression);
    if (inner.is === "call" && ["time", "timestamp", "predict_linear"].includes(inner.name)) dependsOnTime = true;
    const selector = inner.is === "range" ? inner.selector : inner;
    if (selector.is === "selector" || selector.is === "subquery") {
      if (selector.pinned === undefined) ends.push(inner.span.to);
    } else for (const child of children(inner)) visit(child);
  };
  visit(parsed.value);
  if (dependsOnTime || ends.length === 0) return undefined;
  return ends
    .sort((one, other) => other - one)
    .reduce((text, end) => `${text.slice(0, end)} @ ${at / 1000}${text.slice(end)}`, query);
}

function compare(command: EvalCommand, outcome: QueryOutcome): string | undefined {
  if (outcome.is === "refused") {
    if (!command.fails) return `refused: ${outcome.refusal.message}`;
    const wanted = command.failMessage;
    // Ours name the place and what was expected, so a parser's messages differ; the engine's are compared.
    if (wanted === undefined || outcome.refusal.kind === "bad_data" || outcome.refusal.message.includes(wanted))
      return undefined;
    return `message: ${outcome.refusal.message}`;
  }
  if (command.fails) return "answered instead of failing";
  const noisy = annotationProblem(command, outcome);
  return noisy ?? compareResult(command, outcome.result);
}

function annotationProblem(
  command: EvalCommand,
  outcome: Extract<QueryOutcome, { is: "answered" }>,
): string | undefined {
  for (const expected of command.annotations) {
    if (expected === "no_info" && outcome.infos.length > 0) return `info: ${outcome.infos}`;
    if (expected === "no_warn" && outcome.warnings.length > 0) return `warning: ${outcome.warnings}`;
    if (expected === "warn" && outcome.warnings.length === 0) return "no warning";
    if (expected === "info" && outcome.infos.length === 0) return "no info";
  }
  return undefined;
}

function compareResult(command: EvalCommand, result: QueryResult): string | undefined {
  if (result.type === "string") return result.value === command.text ? undefined : `string ${result.value}`;
  if (result.type === "scalar")
    return command.scalar !== undefined && isClose(command.scalar, result.value) ? undefined : `scalar ${result.value}`;
  if (command.scalar !== undefined) return "no scalar";
  const grid = command.rawTimes ?? command.times;
  const found =
    result.type === "vector"
      ? result.samples.map(({ labels, value }) => ({ labels, at: (_: number) => value }))
      : result.series.map(({ labels, times, values }) => ({
          labels,
          at: (index: number) => values[times.indexOf(grid.start + index * grid.step)],
        }));
  const expected = command.rows.filter((row) => row.points.some((point) => point !== "gap"));
  if (result.type === "matrix") {
    const counts = result.series.reduce((sum, series) => sum + series.times.length, 0);
    const wanted = expected.reduce((sum, row) => sum + row.points.filter((point) => point !== "gap").length, 0);
    if (counts !== wanted)
      return `${counts} samples instead of ${wanted}: ${JSON.stringify(result.series).slice(0, 300)}`;
  }
  if (found.length !== expected.length)
    return `${found.length} series instead of ${expected.length}: ${found.map((each) => `${describeLabels(each.labels)} ${each.at(0)}`).join("; ")}`;
  const pairs = command.ordered ? found : [...found].sort((one, other) => compareLabels(one.labels, other.labels));
  const wanted = command.ordered
    ? expected
    : [...expected].sort((one, other) => compareLabels(one.labels, other.labels));
  for (const [index, row] of wanted.entries()) {
    const series = pairs[index];
    if (series === undefined || compareLabels(series.labels, row.labels) !== 0)
      return `series ${series && describeLabels(series.labels)} instead of ${describeLabels(row.labels)}`;
    for (const [step, point] of row.points.entries())
      if (point !== "gap" && !isClose(point, series.at(step)))
        return `${series.at(step)} instead of ${point} at step ${step} of ${describeLabels(row.labels)}`;
  }
  return undefined;
}

/** Relative 1e-6, as Prometheus compares. */
function isClose(expected: Point, found: number | undefined): boolean {
  if (typeof expected !== "number" || found === undefined) return false;
  if (Object.is(expected, found) || expected === found) return true;
  if (Number.isNaN(expected) || Number.isNaN(found) || !Number.isFinite(expected) || !Number.isFinite(found))
    return false;
  const difference = Math.abs(expected - found);
  return difference / Math.min(Math.abs(expected) + Math.abs(found), Number.MAX_VALUE) < 1e-6;
}
