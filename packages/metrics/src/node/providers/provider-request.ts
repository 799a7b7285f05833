import { Fault } from "@sluice/kernel";
import { Agent, type Dispatcher, request } from "undici";
import { readBody } from "./read-body.ts";

export interface ProviderHeader {
  readonly key: string;
  readonly value: string;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly body: string;
}

const bodyMax = 10 * 1024 * 1024;
const redirectsMax = 5;
let trusting: Agent | undefined;
let checking: Agent | undefined;

/** Certificates are checked unless the metric says `insecure`. */
function agentFor(insecure: boolean): Agent {
  if (insecure) {
    trusting ??= new Agent({ connect: { rejectUnauthorized: false } });
    return trusting;
  }
  checking ??= new Agent();
  return checking;
}

export interface ProviderCall {
  readonly url: URL;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: readonly ProviderHeader[];
  readonly body?: string;
  readonly insecure: boolean;
  readonly timeoutSeconds: number;
  /** Who is asked, for messages: never with credentials or a query. */
  readonly name: string;
}

/** Any status is an answer. What is no answer is a Fault `unavailable` that names the server and nothing secret. */
export async function callProvider(call: ProviderCall, signal: AbortSignal): Promise<ProviderAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutSeconds * 1000);
  try {
    return await follow(call, AbortSignal.any([signal, timeout]));
  } catch (thrown) {
    if (signal.aborted) throw new Fault("unavailable", `the query of ${call.name} was cancelled`);
    const reason = timeout.aborted ? `no answer within ${call.timeoutSeconds} s` : describe(thrown);
    // The cause stays out: undici's errors may hold the request, and that may hold a secret.
    throw new Fault("unavailable", `${call.name} can't be asked: ${reason}`);
  }
}

async function follow(call: ProviderCall, signal: AbortSignal): Promise<ProviderAnswer> {
  let { url, method, body } = call;
  for (let redirect = 0; ; redirect++) {
    const response = await request(url, {
      method,
      // Credentials stay with the origin that they were meant for.
      headers: lastOfEach(call.headers)
        .filter(({ key }) => url.origin === call.url.origin || !/^(authorization|cookie)$/i.test(key))
        .flatMap(({ key, value }) => [key, value]),
      ...(body === undefined ? {} : { body }),
      dispatcher: agentFor(call.insecure),
      signal,
    });
    const location = redirectOf(response);
    if (location === undefined || redirect >= redirectsMax) {
      const bytes = await readBody(response.body, bodyMax);
      return { status: response.statusCode, body: bytes.toString("utf8") };
    }
    await response.body.dump({ limit: 65_536 });
    url = new URL(location, url);
    if (url.protocol !== "http:" && url.protocol !== "https:")
      throw new Error("a redirect to something that isn't http");
    if (response.statusCode < 307) [method, body] = ["GET", undefined];
  }
}

/** As Go sets them: a name stands once, and who comes later has the last word. */
const lastOfEach = (headers: readonly ProviderHeader[]): readonly ProviderHeader[] => [
  ...new Map(headers.map((header) => [header.key.toLowerCase(), header])).values(),
];

function redirectOf(response: Dispatcher.ResponseData): string | undefined {
  if (![301, 302, 303, 307, 308].includes(response.statusCode)) return undefined;
  const { location } = response.headers;
  return typeof location === "string" ? location : undefined;
}

/** Only what names the kind of failure: codes, and our own words. */
function describe(thrown: unknown): string {
  const error = thrown as { name?: unknown; code?: unknown; message?: unknown; cause?: { code?: unknown } };
  if (error.name === "HTTPParserError") return "the answer is no HTTP";
  const code = error.code ?? error.cause?.code;
  switch (code) {
    case "ECONNREFUSED":
      return "the connection was refused";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its name can't be resolved";
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return "found plain HTTP there, expected TLS: does its address begin with http://?";
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return "the connection broke";
    default:
      if (typeof code === "string") return code;
      return typeof error.message === "string" && /^(the answer|a redirect)/.test(error.message)
        ? error.message
        : "the request failed";
  }
}

/** An absolute http or https URL. The text isn't repeated, since arguments of it may be secret. */
export function providerUrl(text: string, path: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  const found = text === "" ? "nothing" : "something else";
  const expected = "a URL that begins with http:// or https://";
  throw new Fault("invalid", `${path}: found ${found}, expected ${expected}`, {
    violations: [{ path, found, expected }],
  });
}
