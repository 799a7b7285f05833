import { type Clock, Fault } from "@sluice/kernel";
import { describeRefusal } from "@sluice/languages";
import { findJsonPath, parseJsonPath } from "../../json-path.ts";
import type { Measured } from "../../measurement.ts";
import { type ClientCredentials, forgetRefused, tokenHeader } from "./client-credentials.ts";
import { callProvider, type ProviderHeader, providerUrl } from "./provider-request.ts";

/** The fields of Argo's `provider.web`, arguments resolved. URL, headers and body may hold secrets. */
export interface WebQuery {
  readonly url?: string;
  readonly method?: string;
  readonly headers?: readonly ProviderHeader[];
  readonly body?: string;
  /** Sent as JSON; excludes `body`. */
  readonly jsonBody?: unknown;
  readonly jsonPath?: string;
  readonly timeoutSeconds?: number;
  readonly insecure?: boolean;
  readonly authentication?: { readonly oauth2?: ClientCredentials };
}

/**
 * Asks a web metric as Argo Rollouts does: 10 s, only 2xx is an answer, the first match of jsonPath (by default the
 * whole), a body that is no JSON is a string.
 */
export async function queryWeb(query: WebQuery, signal: AbortSignal, clock: Clock): Promise<Measured> {
  const url = providerUrl(query.url ?? "", "provider.web.url");
  const method = readMethod(query.method);
  const path = parseJsonPath(query.jsonPath || "{$}");
  if (path.is === "refused")
    throw violation("provider.web.jsonPath", describeRefusal(path.refusal, query.jsonPath ?? ""), "a JSONPath");
  const body = query.jsonBody === undefined ? query.body : JSON.stringify(query.jsonBody);
  const name = `the web metric at ${url.host}`;
  const shared = { insecure: query.insecure ?? false, timeoutSeconds: query.timeoutSeconds || 10, name };
  const oauth2 = query.authentication?.oauth2;
  const inUrl = credentialsOf(url);
  const token = oauth2 === undefined ? [] : [await tokenHeader({ credentials: oauth2, ...shared }, signal, clock)];
  const headers = [...inUrl, ...(query.headers ?? []), ...token];
  if (query.jsonBody !== undefined && !headers.some(({ key }) => key.toLowerCase() === "content-type"))
    headers.push({ key: "content-type", value: "application/json" });
  const answer = await callProvider(
    {
      url,
      method,
      headers,
      ...shared,
      ...(body === undefined || body === "" || method === "GET" ? {} : { body }),
    },
    signal,
  );
  forgetRefused(answer, oauth2);
  if (answer.status < 200 || answer.status > 299)
    throw new Fault("unavailable", `received non 2xx response code: ${answer.status}`);

  let document: unknown;
  try {
    document = JSON.parse(answer.body);
  } catch {
    return { value: answer.body, parsed: answer.body };
  }
  const outcome = findJsonPath(path.value, document);
  if (outcome.is === "missing")
    throw new Fault("unavailable", `Could not find JSONPath in body: ${outcome.what} is not found`);
  if (outcome.values.length === 0) throw new Fault("unavailable", "result of web metric produced no value");
  const parsed = outcome.values[0];
  return { value: JSON.stringify(parsed), parsed };
}

function readMethod(method: string | undefined): "GET" | "POST" | "PUT" {
  if (method === undefined || method === "") return "GET";
  if (method === "GET" || method === "POST" || method === "PUT") return method;
  throw violation("provider.web.method", JSON.stringify(method.slice(0, 20)), "GET, POST or PUT");
}

function credentialsOf(url: URL): ProviderHeader[] {
  const { username, password } = url;
  url.username = "";
  url.password = "";
  if (username === "" && password === "") return [];
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return [{ key: "authorization", value: `Basic ${Buffer.from(pair).toString("base64")}` }];
}

function violation(path: string, found: string, expected: string): Fault {
  return new Fault("invalid", `${path}: found ${found}, expected ${expected}`, {
    violations: [{ path, found, expected }],
  });
}
