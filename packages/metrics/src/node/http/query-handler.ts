import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, instant, type Millis, millis, seconds } from "@sluice/kernel";
import { describeRefusal, type LabelMatcher, parsePromql, withoutParentheses } from "@sluice/languages";
import type { QueryOutcome, QueryResult } from "../../evaluate/outcome.ts";
import { type QueryOptions, queryInstant, queryRange } from "../../evaluate/query.ts";
import type { Family } from "../../exposition/parse.ts";
import { formatJsonValue } from "../../format-value.ts";
import { compareLabels, eachLabel, type Labels, labelsKey, labelValue } from "../../labels.ts";
import type { MetricsStore } from "../store/metrics-store.ts";
import { BadParameter, durationParameter, readParameters, requireParameter, timeParameter } from "./parameters.ts";

export interface QueryHandlerOptions {
  readonly store: MetricsStore;
  readonly clock: Clock;
  /** Types and help of the metrics, for `/api/v1/metadata`. */
  readonly metadata?: () => readonly Family[];
  /** Queries run in this process: none may hold it up for longer. */
  readonly timeoutMax?: Millis;
  readonly samplesMax?: number;
}

type QueryHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Answer {
  readonly status: number;
  readonly type: "application/json" | "text/plain";
  readonly body: string;
}

const statuses = { bad_data: 400, execution: 422, timeout: 503, not_found: 404, internal: 500 } as const;

const json = (body: string): Answer => ({ status: 200, type: "application/json", body });
const success = (data: string): Answer => json(`{"status":"success","data":${data}}`);
const failure = (errorType: keyof typeof statuses, error: string): Answer => ({
  status: statuses[errorType],
  type: "application/json",
  body: JSON.stringify({ status: "error", errorType, error }),
});

/**
 * Prometheus' HTTP API for queries, for node:http. Who may ask, and under which Host, is the caller's to check.
 * https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function createQueryHandler(options: QueryHandlerOptions): QueryHandler {
  return async (request, response) => {
    const answer = await answerTo(request, options);
    // A body that was not read to its end would be taken for the next request.
    if (!request.complete) response.setHeader("connection", "close");
    response.writeHead(answer.status, {
      "content-type": answer.type === "text/plain" ? "text/plain; charset=utf-8" : answer.type,
      "content-length": Buffer.byteLength(answer.body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  };
}

async function answerTo(request: IncomingMessage, options: QueryHandlerOptions): Promise<Answer> {
  const path = (request.url ?? "/").replace(/\?.*$/s, "");
  try {
    const route = routeFor(path);
    if (route === undefined) return failure("not_found", `no such path: ${path.slice(0, 100)}`);
    if (request.method !== "GET" && request.method !== "POST" && request.method !== "HEAD")
      return { ...failure("bad_data", `method ${request.method} is not allowed`), status: 405 };
    return route(await readParameters(request), options, path);
  } catch (thrown) {
    if (thrown instanceof BadParameter) return failure("bad_data", thrown.message);
    return failure("internal", "the query failed by a fault of ours");
  }
}

type Route = (parameters: URLSearchParams, options: QueryHandlerOptions, path: string) => Answer;

const routes: { readonly [path: string]: Route } = {
  "/api/v1/query": answerInstant,
  "/api/v1/query_range": answerRange,
  "/api/v1/series": answerSeries,
  "/api/v1/labels": (parameters, options) => strings(parameters, labelNames(parameters, options)),
  "/api/v1/metadata": answerMetadata,
  "/api/v1/status/buildinfo": () =>
    success(
      JSON.stringify({ version: "3.0.0", revision: "", branch: "", buildUser: "sluice", buildDate: "", goVersion: "" }),
    ),
  "/-/healthy": () => ({ status: 200, type: "text/plain", body: "Prometheus Server is Healthy.\n" }),
  "/-/ready": () => ({ status: 200, type: "text/plain", body: "Prometheus Server is Ready.\n" }),
};

const labelPath = /^\/api\/v1\/label\/([^/]+)\/values$/;

function routeFor(path: string): Route | undefined {
  if (Object.hasOwn(routes, path)) return routes[path];
  return labelPath.test(path) ? answerLabelValues : undefined;
}

function optionsOf(parameters: URLSearchParams, options: QueryHandlerOptions): QueryOptions {
  const most = options.timeoutMax ?? seconds(5);
  const asked = durationParameter(parameters, "timeout") ?? most;
  const lookback = durationParameter(parameters, "lookback_delta");
  return {
    clock: options.clock,
    timeout: millis(Math.min(asked, most)),
    ...(options.samplesMax === undefined ? {} : { samplesMax: options.samplesMax }),
    ...(lookback === undefined ? {} : { lookback }),
  };
}

function answerInstant(parameters: URLSearchParams, options: QueryHandlerOptions): Answer {
  const query = requireParameter(parameters.get("query") ?? undefined, "query");
  const at = timeParameter(parameters, "time") ?? options.clock.now();
  return answerOutcome(queryInstant(options.store, query, at, optionsOf(parameters, options)));
}

function answerRange(parameters: URLSearchParams, options: QueryHandlerOptions): Answer {
  const query = requireParameter(parameters.get("query") ?? undefined, "query");
  const range = {
    start: requireParameter(timeParameter(parameters, "start"), "start"),
    end: requireParameter(timeParameter(parameters, "end"), "end"),
    step: requireParameter(durationParameter(parameters, "step"), "step"),
  };
  return answerOutcome(queryRange(options.store, query, range, optionsOf(parameters, options)));
}

function answerOutcome(outcome: QueryOutcome): Answer {
  if (outcome.is === "refused") {
    const { kind, message } = outcome.refusal;
    return failure(kind, kind === "bad_data" ? `invalid parameter "query": ${message}` : message);
  }
  const { result, warnings, infos } = outcome;
  const notes = [
    ...(warnings.length === 0 ? [] : [`,"warnings":${JSON.stringify(warnings)}`]),
    ...(infos.length === 0 ? [] : [`,"infos":${JSON.stringify(infos)}`]),
  ].join("");
  return json(`{"status":"success","data":{"resultType":"${result.type}","result":${writeResult(result)}}${notes}}`);
}

function writeResult(result: QueryResult): string {
  switch (result.type) {
    case "scalar":
      return writePoint(result.at, result.value);
    case "string":
      return `[${result.at / 1000},${JSON.stringify(result.value)}]`;
    case "vector": {
      const samples = result.samples.map(
        ({ labels, at, value }) => `{"metric":${writeLabels(labels)},"value":${writePoint(at, value)}}`,
      );
      return `[${samples.join(",")}]`;
    }
    case "matrix": {
      const series = result.series.map(({ labels, times, values }) => {
        const points = times.map((time, index) => writePoint(time, values[index] as number));
        return `{"metric":${writeLabels(labels)},"values":[${points.join(",")}]}`;
      });
      return `[${series.join(",")}]`;
    }
  }
}

const writePoint = (at: number, value: number): string => `[${at / 1000},"${formatJsonValue(value)}"]`;

const writeLabels = (labels: Labels): string =>
  `{${[...eachLabel(labels)].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;

function answerSeries(parameters: URLSearchParams, options: QueryHandlerOptions): Answer {
  const selectors = selectorsOf(parameters);
  if (selectors.length === 0) throw new BadParameter("no match[] parameter provided");
  const found = [...labelsOfAll(parameters, options, selectors)].sort(compareLabels);
  return success(`[${limited(parameters, found).map(writeLabels).join(",")}]`);
}

function labelNames(parameters: URLSearchParams, options: QueryHandlerOptions): readonly string[] {
  const selectors = selectorsOf(parameters);
  if (selectors.length === 0) return options.store.labelNames();
  const names = new Set<string>();
  for (const labels of labelsOfAll(parameters, options, selectors))
    for (const [name] of eachLabel(labels)) names.add(name);
  return [...names].sort();
}

function answerLabelValues(parameters: URLSearchParams, options: QueryHandlerOptions, path: string): Answer {
  const encoded = labelPath.exec(path)?.[1] ?? "";
  let name: string;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    throw new BadParameter(`invalid label name: "${encoded.slice(0, 60)}"`);
  }
  const selectors = selectorsOf(parameters);
  if (selectors.length === 0) return strings(parameters, options.store.labelValues(name));
  const values = new Set([...labelsOfAll(parameters, options, selectors)].map((labels) => labelValue(labels, name)));
  values.delete("");
  return strings(parameters, [...values].sort());
}

const strings = (parameters: URLSearchParams, all: readonly string[]): Answer =>
  success(JSON.stringify(limited(parameters, all)));

function limited<Item>(parameters: URLSearchParams, all: readonly Item[]): readonly Item[] {
  const limit = Number(parameters.get("limit") ?? 0);
  return Number.isInteger(limit) && limit > 0 ? all.slice(0, limit) : all;
}

function selectorsOf(parameters: URLSearchParams): readonly (readonly LabelMatcher[])[] {
  return parameters.getAll("match[]").map((text) => {
    const parsed = parsePromql(text);
    if (parsed.is === "refused")
      throw new BadParameter(`invalid parameter "match[]": ${describeRefusal(parsed.refusal, text)}`);
    const selector = withoutParentheses(parsed.value);
    if (selector.is !== "selector")
      throw new BadParameter(`invalid parameter "match[]": "${text.slice(0, 60)}" is no selector`);
    return selector.matchers;
  });
}

/** Each series once. With a start or an end only those that have samples in between. */
function* labelsOfAll(
  parameters: URLSearchParams,
  { store }: QueryHandlerOptions,
  selectors: readonly (readonly LabelMatcher[])[],
): Generator<Labels> {
  const start = timeParameter(parameters, "start");
  const end = timeParameter(parameters, "end");
  const seen = new Set<string>();
  for (const matchers of selectors) {
    const all =
      start === undefined && end === undefined
        ? store.findSeries(matchers)
        : withSamples(store, matchers, (start ?? instant(0)) - 1, end ?? Number.MAX_SAFE_INTEGER);
    for (const labels of all) {
      const key = labelsKey(labels);
      if (seen.has(key)) continue;
      seen.add(key);
      yield labels;
    }
  }
}

function* withSamples(
  store: MetricsStore,
  matchers: readonly LabelMatcher[],
  after: number,
  until: number,
): Generator<Labels> {
  for (const series of store.select(matchers, after, until)) if (series.times.length > 0) yield series.labels;
}

function answerMetadata(parameters: URLSearchParams, options: QueryHandlerOptions): Answer {
  const wanted = parameters.get("metric");
  const byName = new Map<string, { type: string; help: string; unit: string }[]>();
  for (const { name, type, help, unit } of options.metadata?.() ?? []) {
    if (wanted !== null && wanted !== name) continue;
    const known = byName.get(name) ?? [];
    if (!known.some((each) => each.type === type && each.help === help)) known.push({ type, help, unit });
    byName.set(name, known);
  }
  return success(JSON.stringify(Object.fromEntries(limited(parameters, [...byName].sort()))));
}
