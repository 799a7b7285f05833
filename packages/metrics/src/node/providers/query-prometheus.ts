import { type Clock, Fault, seconds } from "@sluice/kernel";
import type { QueryResult } from "../../evaluate/outcome.ts";
import { queryInstant, queryRange } from "../../evaluate/query.ts";
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

/**
 * Asks a Prometheus over HTTP: POST, and GET where POST isn't served, as Prometheus' own client does.
 * `invalid` where it refused the query, `unavailable` where it couldn't be asked or answered garbage.
 */
export async function queryPrometheus(query: PrometheusQuery, signal: AbortSignal, clock: Clock): Promise<Measured> {
  const base = providerUrl(query.address ?? "", "provider.prometheus.address");
  const name = `Prometheus at ${base.host}`;
  const parameters = new URLSearchParams({ query: query.query ?? "" });
  if (query.rangeQuery !== undefined) {
    const { start, end, step } = resolveRange(query.rangeQuery, clock.now());
    parameters.set("start", String(start / 1000));
    parameters.set("end", String(end / 1000));
    parameters.set("step", String(step / 1000));
  } else parameters.set("time", String(clock.now() / 1000));

  const path = query.rangeQuery === undefined ? "api/v1/query" : "api/v1/query_range";
  const url = new URL(path, base.href.endsWith("/") ? base : `${base.origin}${base.pathname}/`);
  url.username = "";
  url.password = "";
  const shared = {
    insecure: query.insecure ?? false,
    timeoutSeconds: query.timeoutSeconds || 30,
    name,
  };
  const form = { key: "content-type", value: "application/x-www-form-urlencoded" };
  const oauth2 = query.authentication?.oauth2;
  const token = oauth2 === undefined ? [] : [await tokenHeader({ credentials: oauth2, ...shared }, signal, clock)];
  const headers = [
    ...(query.headers ?? []),
    ...(oauth2 === undefined ? credentials(query, base) : token),
    { key: "accept", value: "application/json" },
  ];
  const posted = await callProvider(
    { ...shared, url, method: "POST", headers: [...headers, form], body: parameters.toString() },
    signal,
  );
  forgetRefused(posted, oauth2);
  if (![403, 405, 501].includes(posted.status)) return measuredFrom(posted, name);
  url.search = parameters.toString();
  return measuredFrom(await callProvider({ ...shared, url, method: "GET", headers }, signal), name);
}

function credentials(query: PrometheusQuery, base: URL): ProviderHeader[] {
  if (query.bearerToken !== undefined) return [{ key: "authorization", value: `Bearer ${query.bearerToken}` }];
  const user = query.basicAuth?.username ?? decodeURIComponent(base.username);
  const password = query.basicAuth?.password ?? decodeURIComponent(base.password);
  if (user === "" && password === "") return [];
  return [{ key: "authorization", value: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` }];
}

function measuredFrom(answer: ProviderAnswer, name: string): Measured {
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
  return measured(read.result);
}

function measured(result: QueryResult): Measured {
  const measurement = measurementOf(result);
  if (measurement === undefined)
    throw new Fault("invalid", "the query yields a string, expected a scalar, a vector or a matrix");
  return measurement;
}
