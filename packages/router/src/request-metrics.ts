import { type Endpoint, ServiceEndpoints } from "./endpoints/service-endpoints.ts";

/** Prometheus' own buckets and finer ones between them, in seconds. */
export const durationBuckets: readonly number[] = [
  0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5,
  0.75, 1, 1.5, 2, 2.5, 3, 5, 7.5, 10,
];

const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "OTHER"];
const methodPlaces = new Map(methods.map((method, place) => [method, place]));
const otherMethod = methods.length - 1;
const getMethod = 0;

export interface VersionLabels {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly hash: string;
}

/** One series of each metric: a counter and a histogram with the same labels. */
class RequestSeries {
  readonly code: number;

  /** Per bucket, not cumulative; the last is beyond all. */
  readonly buckets = new Float64Array(durationBuckets.length + 1);
  readonly labels: string;
  seconds = 0;
  count = 0;

  constructor(labels: string, code: number) {
    this.labels = labels;
    this.code = code;
  }

  add(seconds: number): void {
    let low = 0;
    let high = durationBuckets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (seconds <= (durationBuckets[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    this.buckets[low] = (this.buckets[low] ?? 0) + 1;
    this.seconds += seconds;
    this.count++;
  }
}

/** What one endpoint's requests came to; there are few codes, so they are looked through. */
interface EndpointSeries {
  readonly endpoint: Endpoint;
  readonly series: RequestSeries[];
}

/** What the requests to one version came to. Counting one allocates nothing, but for the first of its kind. */
export class VersionCounts {
  readonly #labels: string;
  /** Of its service. */
  readonly endpoints: ServiceEndpoints | undefined;
  /** By method and code, of what belongs to no endpoint that has a name. */
  readonly #rest: (RequestSeries | undefined)[] = [];
  readonly #byEndpoint: (EndpointSeries | undefined)[] = [];
  /** When it was last in a table; undefined while it is. */
  retiredAt: number | undefined;

  /** `endpoints` of its service; without them they aren't told apart. */
  constructor(labels: VersionLabels, endpoints?: ServiceEndpoints) {
    const pairs = [
      ["namespace", labels.namespace],
      ["service", labels.service],
      ["version", labels.version],
      ["pod_template_hash", labels.hash],
    ] as const;
    this.#labels = pairs.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",");
    this.endpoints = endpoints;
  }

  /** `target` as the client wrote it. */
  count(method: string, code: number, seconds: number, target = ""): void {
    const place = methodPlaces.get(method) ?? otherMethod;
    const endpoint = this.endpoints?.find(place, methods[place] ?? "", target, code);
    const series = endpoint === undefined ? this.#find(place, code) : this.#named(endpoint, place, code);
    series.add(seconds);
  }

  /** Makes the series of successful GETs stand at 0, so that the first request isn't lost to rate(). */
  beBorn(): void {
    this.#find(getMethod, 200);
  }

  /** Those of endpoints that gave up their places are told no more. */
  series(): readonly RequestSeries[] {
    const named = this.#byEndpoint.flatMap((one) => (one === undefined || one.endpoint.isGone ? [] : one.series));
    return [...this.#rest.filter((series) => series !== undefined), ...named];
  }

  #named(endpoint: Endpoint, method: number, code: number): RequestSeries {
    let known = this.#byEndpoint[endpoint.place];
    if (known?.endpoint !== endpoint) {
      known = { endpoint, series: [] };
      this.#byEndpoint[endpoint.place] = known;
    }
    for (const series of known.series) if (series.code === code) return series;
    const series = new RequestSeries(this.#labelsOf(method, code, endpoint.name), code);
    known.series.push(series);
    return series;
  }

  #find(method: number, code: number): RequestSeries {
    const place = method * 600 + (code >= 100 && code < 600 ? code : 599);
    let series = this.#rest[place];
    if (series === undefined) {
      series = new RequestSeries(this.#labelsOf(method, code, "other"), code);
      this.#rest[place] = series;
    }
    return series;
  }

  #labelsOf(method: number, code: number, endpoint: string): string {
    const labels = `${this.#labels},method="${methods[method]}",code="${code}"`;
    return this.endpoints === undefined ? labels : `${labels},endpoint="${escapeLabel(endpoint)}"`;
  }
}

/** How long a version that is in no table any more is still told of: longer than any usual query's window. */
const retiredMillis = 15 * 60_000;

export interface MetricNames {
  readonly total: string;
  readonly duration: string;
  readonly what: string;
  readonly byEndpoint: boolean;
}

const answered: MetricNames = {
  total: "http_requests_total",
  duration: "http_request_duration_seconds",
  what: "Requests answered.",
  byEndpoint: true,
};

/** Copies go by names of their own: no query about requests can mistake one for a user's. */
export const mirrored: MetricNames = {
  total: "http_mirrored_requests_total",
  duration: "http_mirrored_request_duration_seconds",
  what: "Copies of requests, whose answers nobody sees.",
  byEndpoint: false,
};

/** A counter and a histogram, by version and endpoint. Labels come from tables, but for a bounded number of endpoints. */
export class RequestMetrics {
  readonly #names: MetricNames;
  readonly #versions = new Map<string, VersionCounts>();
  /** Of a service, for all its versions: what is compared must have the same names. */
  readonly #endpoints = new Map<string, ServiceEndpoints>();

  constructor(names: MetricNames = answered) {
    this.#names = names;
  }

  /** The counts of a version; the same object for the same labels. */
  version(labels: VersionLabels): VersionCounts {
    const key = `${labels.namespace}|${labels.service}|${labels.version}|${labels.hash}`;
    let version = this.#versions.get(key);
    if (version === undefined) {
      version = new VersionCounts(labels, this.#endpointsOf(labels));
      this.#versions.set(key, version);
    }
    return version;
  }

  /** Starts the clock of the versions that `living` doesn't name, and forgets those long gone. `now` in milliseconds. */
  retire(living: ReadonlySet<VersionCounts>, now: number): void {
    for (const [key, version] of this.#versions) {
      if (living.has(version)) version.retiredAt = undefined;
      else if (version.retiredAt === undefined) version.retiredAt = now;
      else if (now - version.retiredAt > retiredMillis) this.#versions.delete(key);
    }
    this.#reviewEndpoints(now);
  }

  #endpointsOf({ namespace, service }: VersionLabels): ServiceEndpoints | undefined {
    if (!this.#names.byEndpoint || service === "") return undefined;
    const key = `${namespace}|${service}`;
    const known = this.#endpoints.get(key) ?? new ServiceEndpoints();
    this.#endpoints.set(key, known);
    return known;
  }

  #reviewEndpoints(now: number): void {
    const left = new Set([...this.#versions.values()].map(({ endpoints }) => endpoints));
    for (const [key, endpoints] of this.#endpoints) {
      if (left.has(endpoints)) endpoints.review(now);
      else this.#endpoints.delete(key);
    }
  }

  /** https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): string {
    const { total, duration, what } = this.#names;
    const counts = [`# HELP ${total} ${what}\n# TYPE ${total} counter\n`];
    const durations = [
      `# HELP ${duration} From a request's head to its response's end.\n`,
      `# TYPE ${duration} histogram\n`,
    ];
    for (const version of this.#versions.values()) {
      for (const series of version.series()) {
        counts.push(`${total}{${series.labels}} ${series.count}\n`);
        let upTo = 0;
        for (const [place, bound] of durationBuckets.entries()) {
          upTo += series.buckets[place] ?? 0;
          durations.push(`${duration}_bucket{${series.labels},le="${bound}"} ${upTo}\n`);
        }
        durations.push(
          `${duration}_bucket{${series.labels},le="+Inf"} ${series.count}\n`,
          `${duration}_sum{${series.labels}} ${series.seconds}\n`,
          `${duration}_count{${series.labels}} ${series.count}\n`,
        );
      }
    }
    return counts.join("") + durations.join("");
  }
}

export const escapeLabel = (value: string): string =>
  value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
