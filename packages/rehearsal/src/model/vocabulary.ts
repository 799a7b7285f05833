import type { LabelMatcher, PromqlExpression } from "@sluice/languages";

export type Family =
  | "requests"
  | "failures"
  | "latencyBucket"
  | "latencySum"
  | "conversions"
  | "memory"
  | "cpu"
  | "restarts"
  | "up";

/** What a metric of this name counts; undefined where nobody can tell from its name. */
export function familyOf(name: string): Family | undefined {
  if (name === "up") return "up";
  if (/restart/.test(name)) return "restarts";
  if (/memory|resident|_rss|heap/.test(name)) return "memory";
  if (/cpu.*seconds|cpu_usage/.test(name)) return "cpu";
  if (/_bucket$/.test(name)) return "latencyBucket";
  if (/(duration|latency|response|request|seconds|milliseconds).*_sum$/.test(name)) return "latencySum";
  if (/(order|checkout|purchase|conversion|signup|payment|booking|cart)s?.*_total$/.test(name)) return "conversions";
  if (/(error|failure|failed|exception|5xx).*(_total|_count)$/.test(name)) return "failures";
  if (/(request|http|grpc|rpc|hits|responses|handled|calls).*$/.test(name)) return "requests";
  return undefined;
}

export const isInMilliseconds = (name: string): boolean => /milliseconds|_ms(_|$)/.test(name);

const codeLabels = new Set([
  "code",
  "status",
  "status_code",
  "response_code",
  "http_status",
  "http_status_code",
  "http_response_status_code",
  "grpc_code",
  "grpc_status",
  "code_class",
  "status_class",
  "outcome",
]);
const endpointLabels = new Set(["path", "route", "handler", "endpoint", "uri", "url", "http_route", "request_path"]);

export const isCodeLabel = (label: string): boolean => codeLabels.has(label);
export const isEndpointLabel = (label: string): boolean => endpointLabels.has(label);

/** A status code as this label writes it. */
export function codeText(label: string, code: number): string {
  if (label.startsWith("grpc")) return code < 500 ? "OK" : "Internal";
  if (label.endsWith("_class")) return `${Math.floor(code / 100)}xx`;
  if (label === "outcome") return code < 400 ? "SUCCESS" : code < 500 ? "CLIENT_ERROR" : "SERVER_ERROR";
  return String(code);
}

/** One sample in their range is nothing to them. */
const ratesOf = new Set(["rate", "irate", "increase", "delta", "idelta", "deriv"]);

/** Every selector of a query with its matchers, and every label it groups or joins by. */
export interface QueryShape {
  readonly selectors: readonly (readonly LabelMatcher[])[];
  /** In milliseconds. */
  readonly ranges: readonly number[];
  /** Those of them in which two samples are needed. */
  readonly rates: readonly number[];
  readonly labels: ReadonlySet<string>;
}

export function shapeOf(expression: PromqlExpression): QueryShape {
  const selectors: (readonly LabelMatcher[])[] = [];
  const ranges: number[] = [];
  const rates: number[] = [];
  const labels = new Set<string>();
  const visit = (value: unknown, isRate: boolean): void => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      for (const part of value) visit(part, isRate);
      return;
    }
    const node = value as {
      readonly is?: string;
      readonly name?: string;
      readonly matchers?: LabelMatcher[];
      readonly range?: number;
    };
    if (node.is === "selector" && node.matchers !== undefined) {
      selectors.push(node.matchers);
      for (const { label } of node.matchers) labels.add(label);
      return;
    }
    if (node.is === "range" && node.range !== undefined) {
      ranges.push(node.range);
      if (isRate) rates.push(node.range);
    }
    const needsTwo = node.is === "call" ? ratesOf.has(node.name ?? "") : isRate;
    const { labels: named } = value as { readonly labels?: unknown };
    if (Array.isArray(named)) for (const label of named) if (typeof label === "string") labels.add(label);
    for (const part of Object.values(value)) visit(part, needsTwo);
  };
  visit(expression, false);
  return { selectors, ranges, rates, labels };
}

export const metricNameOf = (matchers: readonly LabelMatcher[]): string | undefined =>
  matchers.find(({ label, operator }) => label === "__name__" && operator === "=")?.value;
