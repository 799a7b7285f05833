import type { QueryResult } from "../../evaluate/outcome.ts";
import { fromPairs, type Labels } from "../../labels.ts";

export type PrometheusAnswer =
  | { readonly is: "answered"; readonly result: QueryResult }
  /** The server understood, and said no. */
  | { readonly is: "refused"; readonly errorType: string; readonly message: string }
  | { readonly is: "garbage"; readonly why: string };

const samplesMax = 1_000_000;

const garbage = (why: string): PrometheusAnswer => ({ is: "garbage", why });

/** What a server that calls itself Prometheus sent: every part of it is checked. */
export function readPrometheusAnswer(text: string): PrometheusAnswer {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return garbage("the answer is no JSON");
  }
  if (!isObject(answer)) return garbage("the answer is no JSON object");
  if (answer.status === "error")
    return { is: "refused", errorType: shortText(answer.errorType), message: shortText(answer.error) };
  const data = answer.data;
  if (answer.status !== "success" || !isObject(data)) return garbage("the answer has neither data nor an error");
  const result = readResult(data.resultType, data.result);
  return typeof result === "string" ? garbage(result) : { is: "answered", result };
}

function readResult(type: unknown, result: unknown): QueryResult | string {
  if (type === "scalar") {
    const point = readPoint(result);
    return point === undefined ? "its scalar is no [time, value]" : { type, ...point };
  }
  if (type === "string") {
    const text = Array.isArray(result) ? result[1] : undefined;
    return typeof text === "string" ? { type, at: 0, value: text } : "its string is none";
  }
  if ((type !== "vector" && type !== "matrix") || !Array.isArray(result)) return "its result is of no known type";
  if (result.length > samplesMax) return `it has more than ${samplesMax} series`;
  if (type === "vector") {
    const samples = [];
    for (const each of result as unknown[]) {
      const point = isObject(each) ? readPoint(each.value) : undefined;
      const labels = isObject(each) ? readLabels(each.metric) : undefined;
      if (point === undefined || labels === undefined)
        return isObject(each) && "histogram" in each
          ? "native histograms are not supported"
          : "its vector has no samples";
      samples.push({ labels, ...point });
    }
    return { type, samples };
  }
  const series = [];
  for (const each of result as unknown[]) {
    const labels = isObject(each) ? readLabels(each.metric) : undefined;
    const values = isObject(each) ? each.values : undefined;
    if (labels === undefined || !Array.isArray(values)) return "its matrix has no series";
    const points = values.map(readPoint).filter((point) => point !== undefined);
    if (points.length !== values.length) return "its matrix has no samples";
    series.push({ labels, times: points.map((point) => point.at), values: points.map((point) => point.value) });
  }
  return { type, series };
}

function readPoint(point: unknown): { at: number; value: number } | undefined {
  if (!Array.isArray(point) || point.length !== 2) return undefined;
  const [time, text] = point as unknown[];
  if (typeof time !== "number" || typeof text !== "string") return undefined;
  if (/^[+-]?inf$/i.test(text)) return { at: time * 1000, value: text.startsWith("-") ? -Infinity : Infinity };
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
  if (!isNumber && text !== "NaN") return undefined;
  return { at: time * 1000, value: Number(text) };
}

function readLabels(metric: unknown): Labels | undefined {
  if (!isObject(metric)) return undefined;
  const pairs = Object.entries(metric);
  const texts = pairs.filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return texts.length === pairs.length ? fromPairs(texts) : undefined;
}

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const shortText = (value: unknown): string => (typeof value === "string" ? value.slice(0, 500) : "");
