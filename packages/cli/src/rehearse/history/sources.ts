import type { LabelMatcher } from "@sluice/languages";
import { metricNameLabel } from "@sluice/metrics";
import { readAskedQuery } from "./asked-query.ts";
import { codeLabels } from "./codes.ts";

/** Series that may tell of a service: a counter of requests, and a histogram of how long they took. */
export interface HistorySource {
  /** As people know it. */
  readonly name: string;
  readonly requests: string;
  /** Undefined where nothing tells. */
  readonly buckets?: string;
  /** The edges of its buckets, in milliseconds. */
  readonly bucketMs: number;
  /** The query is a rate already, and no counter with labels. */
  readonly isRate?: boolean;
  /** What counts those that fail, where no code tells. */
  readonly failures?: CountedFailures;
  /** It chose among the answers itself: what is left says nothing of what failed. */
  readonly isOfSomeCodes?: boolean;
}

export interface CountedFailures {
  readonly query: string;
  readonly isRate: boolean;
}

/** What `--query-failures` says. Faults: invalid. */
export const failuresOfQuery = (query: string): CountedFailures => ({
  query,
  isRate: readAskedQuery("--query-failures", query).is === "rate",
});

export interface Sought {
  readonly namespace: string;
  /** Any of these Services: both of a canary's are the service. */
  readonly services: readonly string[];
}

interface Known {
  readonly name: string;
  readonly requests: string;
  readonly buckets?: string;
  readonly bucketMs?: number;
  /** Labels that hold a Service's name: each is a place of its own to look at. */
  readonly service: readonly string[];
  /** The label of the namespace that belongs to the service label at the same place. */
  readonly namespace?: readonly string[];
  readonly always?: string;
}

/** In the order in which they are trusted. */
const known: readonly Known[] = [
  {
    name: "Sluice's router",
    requests: "http_requests_total",
    buckets: "http_request_duration_seconds_bucket",
    service: ["service"],
    namespace: ["namespace"],
    always: 'job="sluice-router"',
  },
  {
    name: "Istio",
    requests: "istio_requests_total",
    buckets: "istio_request_duration_milliseconds_bucket",
    bucketMs: 1,
    service: ["destination_service_name"],
    namespace: ["destination_service_namespace"],
    always: 'reporter="destination"',
  },
  {
    name: "nginx ingress",
    requests: "nginx_ingress_controller_requests",
    buckets: "nginx_ingress_controller_request_duration_seconds_bucket",
    service: ["exported_service", "service"],
    namespace: ["exported_namespace", "namespace"],
  },
  {
    name: "the service itself",
    requests: "http_requests_total",
    buckets: "http_request_duration_seconds_bucket",
    service: ["service", "job", "app"],
  },
  { name: "nginx", requests: "nginx_http_requests_total", service: ["service", "job", "app"] },
];

/** Everywhere the requests of a service may be told. */
export const sourcesOf = ({ namespace, services }: Sought): readonly HistorySource[] =>
  known.flatMap(({ name, requests, buckets, bucketMs = 1000, service, namespace: spaces, always }) =>
    service.map((label, place): HistorySource => {
      const one =
        services.length === 1
          ? `${label}=${JSON.stringify(services[0])}`
          : `${label}=~${JSON.stringify(services.map(literal).join("|"))}`;
      const space = spaces?.[place];
      const matchers = [always, one, space === undefined ? undefined : `${space}="${namespace}"`];
      const selector = `{${matchers.filter((matcher) => matcher !== undefined).join(",")}}`;
      return {
        name,
        requests: `${requests}${selector}`,
        ...(buckets === undefined ? {} : { buckets: `${buckets}${selector}` }),
        bucketMs,
      };
    }),
  );

/** In a regular expression. */
const literal = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const durationsOf: readonly (readonly [RegExp, string])[] = [
  [/_requests_total$/, "_request_duration_seconds_bucket"],
  [/_requests$/, "_request_duration_seconds_bucket"],
  [/_handled_total$/, "_handling_seconds_bucket"],
  [/_count$/, "_bucket"],
];

/** What `--query` says: the counter of requests, or an expression that is a rate already. Faults: invalid. */
export function sourceOfQuery(query: string): HistorySource {
  const asked = readAskedQuery("--query", query);
  if (asked.is === "rate") return { name: "--query", requests: query, bucketMs: 1000, isRate: true };
  const { matchers } = asked;
  const named = matchers.find(({ label, operator }) => label === metricNameLabel && operator === "=")?.value ?? "";
  const [pattern, ending] = durationsOf.find(([one]) => one.test(named)) ?? [];
  const isMilliseconds = /milliseconds|_ms_/.test(named);
  const isIstio = named === "istio_requests_total";
  const buckets = isIstio
    ? "istio_request_duration_milliseconds_bucket"
    : pattern === undefined || ending === undefined
      ? undefined
      : named.replace(pattern, ending);
  const rest = matchers.filter(({ label }) => label !== metricNameLabel).map(written);
  return {
    name: "--query",
    requests: query,
    ...(buckets === undefined ? {} : { buckets: `${buckets}{${rest.join(",")}}` }),
    bucketMs: isIstio || isMilliseconds ? 1 : 1000,
    isOfSomeCodes: matchers.some(({ label }) => codeLabels.includes(label)),
  };
}

const written = ({ label, operator, value }: LabelMatcher): string => `${label}${operator}${JSON.stringify(value)}`;
