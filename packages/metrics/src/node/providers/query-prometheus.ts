import { type Clock, Fault, type Instant, seconds } from "@sluice/kernel";
import type { MatrixSeries, QueryResult } from "../../evaluate/outcome.ts";
import { type QueryRange, queryInstant, queryRange } from "../../evaluate/query.ts";
import { type Measured, measurementOf } from "../../measurement.ts";
import type { SeriesSource } from "../../series-source.ts";
import { type ClientCredentials, forgetRefused, tokenHeader } from "./client-credentials.ts";
import { readPrometheusAnswer } from "./prometheus-answer.ts";
import { callProvider, type ProviderAnswer, type ProviderHeader, providerUrl } from "./provider-request.ts";
import { type RangeQuery, resolveRange } from "./range-times.ts";

/** The fields of Argo's `provider.prometheus`, arguments resolved. Headers may hold secrets. */
export interface PrometheusQuery {
  readonly address?: string;
  readonly query?: string;
  readonly timeoutSeconds?: number;
  readonly insecure?: boolean;
  readonly headers?: readonly ProviderHeader[];
  readonly rangeQuery?: RangeQuery;
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  readonly authentication?: { readonly oauth2?: ClientCredentials };
}

/** The Prometheus of a cluster as manifests name it, in full or short; here it is the store of this process. */
const embeddedHost = /^prometheus\.monitoring(\.svc(\.cluster\.local)?)?$/;

/** No address means the embedded store, too. */
export function isEmbeddedAddress(address: string | undefined): boolean {
  if (address === undefined || address === "") return true;
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, port } = new URL(address);
  return protocol === "http:" && port === "9090" && embeddedHost.test(hostname);
}

/** The same query of the store in this process. Throws a Fault as for a foreign one. */
export function queryEmbedded(source: SeriesSource, query: PrometheusQuery, clock: Clock): Measured {
  const text = query.query ?? "";
  // It runs in this process, and holds it up meanwhile.
  const timeout = seconds(Math.min(query.timeoutSeconds || 5, 5));
  const outcome =
    query.rangeQuery === undefined
      ? queryInstant(source, text, clock.now(), { clock, timeout })
      : queryRange(source, text, resolveRange(query.rangeQuery, clock.now()), { clock, timeout });
  if (outcome.is === "answered") return measured(outcome.result);
  const { kind, message } = outcome.refusal;
  throw new Fault(kind === "timeout" ? "unavailable" : "invalid", message);
}

/** A query of another Prometheus, with what is needed to be let in. */
export interface PrometheusDoor extends Omit<PrometheusQuery, "query" | "rangeQuery"> {
  readonly address: string;
}

/**
 * Asks a Prometheus over HTTP: POST, and GET where POST isn't served, as Prometheus' own client does.
 * `invalid` where it refused the query, `unavailable` where it couldn't be asked or answered garbage.
 */
export async function queryPrometheus(query: PrometheusQuery, signal: AbortSignal, clock: Clock): Promise<Measured> {
  const range = query.rangeQuery === undefined ? undefined : resolveRange(query.rangeQuery, clock.now());
  const door = { ...query, address: query.address ?? "" };
  return measured(await ask(door, query.query ?? "", range ?? clock.now(), signal, clock));
}

/** The series of a query at every step, as they were answered. Faults as `queryPrometheus`; `forbidden` where nobody is let in. */
export async function queryPrometheusRange(
  door: PrometheusDoor,
  query: string,
  range: QueryRange,
  signal: AbortSignal,
  clock: Clock,
): Promise<readonly MatrixSeries[]> {
  const result = await ask(door, query, range, signal, clock);
  if (result.type === "matrix") return result.series;
  throw new Fault("unavailable", `Prometheus at ${new URL(door.address).host} answered a range with a ${result.type}`);
}

async function ask(
  door: PrometheusDoor,
  query: string,
  at: QueryRange | Instant,
  signal: AbortSignal,
  clock: Clock,
): Promise<QueryResult> {
  const base = providerUrl(door.address, "provider.prometheus.address");
  const name = `Prometheus at ${base.host}`;
  const parameters = new URLSearchParams({ query });
  if (typeof at === "number") parameters.set("time", String(at / 1000));
  else {
    parameters.set("start", String(at.start / 1000));
    parameters.set("end", String(at.end / 1000));
    parameters.set("step", String(at.step / 1000));
  }
  const path = typeof at === "number" ? "api/v1/query" : "api/v1/query_range";
  const url = new URL(path, base.href.endsWith("/") ? base : `${base.origin}${base.pathname}/`);
  url.username = "";
  url.password = "";
  const shared = {
    insecure: door.insecure ?? false,
    timeoutSeconds: door.timeoutSeconds || 30,
    name,
  };
  const form = { key: "content-type", value: "application/x-www-form-urlencoded" };
  const oauth2 = door.authentication?.oauth2;
  const token = oauth2 === undefined ? [] : [await tokenHeader({ credentials: oauth2, ...shared }, signal, clock)];
  const headers = [
    ...credentials(door, base),
    ...(door.headers ?? []),
    ...token,
    { key: "accept", value: "application/json" },
  ];
  const posted = await callProvider(
    { ...shared, url, method: "POST", headers: [...headers, form], body: parameters.toString() },
    signal,
  );
  forgetRefused(posted, oauth2);
  if (![403, 405, 501].includes(posted.status)) return resultFrom(posted, name);
  url.search = parameters.toString();
  return resultFrom(await callProvider({ ...shared, url, method: "GET", headers }, signal), name);
}

function credentials(query: PrometheusDoor, base: URL): ProviderHeader[] {
  if (query.bearerToken !== undefined) return [{ key: "authorization", value: `Bearer ${query.bearerToken}` }];
  const user = query.basicAuth?.username ?? decodeURIComponent(base.username);
  const password = query.basicAuth?.password ?? decodeURIComponent(base.password);
  if (user === "" && password === "") return [];
  return [{ key: "authorization", value: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` }];
}

function resultFrom(answer: ProviderAnswer, name: string): QueryResult {
  const read = readPrometheusAnswer(answer.body);
  // Prometheus explains its errors under 400, 422 and 503, too; what can't be read is judged by the status.
  if (read.is === "refused") {
    const kind = read.errorType === "bad_data" || read.errorType === "execution" ? "invalid" : "unavailable";
    throw new Fault(kind, `${name} refused the query: ${read.errorType}: ${read.message}`);
  }
  if (answer.status < 200 || answer.status > 299) {
    const kind = answer.status === 401 || answer.status === 403 ? "forbidden" : "unavailable";
    throw new Fault(kind, `${name} answered with HTTP status ${answer.status}`);
  }
  if (read.is === "garbage") throw new Fault("unavailable", `${name} answered garbage: ${read.why}`);
  return read.result;
}

function measured(result: QueryResult): Measured {
  const measurement = measurementOf(result);
  if (measurement === undefined)
    throw new Fault("invalid", "the query yields a string, expected a scalar, a vector or a matrix");
  return measurement;
}
