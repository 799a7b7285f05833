import { setTimeout as wait } from "node:timers/promises";
import { ApiFault } from "@sluice/api";
import { type Dispatcher, Pool } from "undici";
import { faultOf } from "./status-fault.ts";

export interface TransportOptions {
  readonly baseUrl: string;
  readonly ca?: string;
  readonly token?: string;
  readonly clientCertificate?: { readonly certificate: string; readonly key: string };
  /** Sent as User-Agent; the server takes its first word as field manager where a write names none. */
  readonly userAgent?: string;
  /** How long an answer may take to begin. Default 30 s. */
  readonly timeoutMillis?: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** The pauses before a read is tried again. */
const retryPauses = [50, 250] as const;
const connectionsMost = 16;
const transient = new Set([429, 503]);

/** Calls to one API server over connections that are kept. */
export class Transport {
  readonly #calls: Pool;
  /** Watches and logs hold a connection each for as long as they last, so they are not counted. */
  readonly #streams: Pool;
  readonly #headers: Record<string, string>;
  readonly #baseUrl: string;

  constructor(options: TransportOptions) {
    const { baseUrl, ca, token, clientCertificate, userAgent } = options;
    this.#baseUrl = baseUrl;
    this.#headers = {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(userAgent === undefined ? {} : { "user-agent": userAgent }),
    };
    const shared = {
      connect: {
        ...(ca === undefined ? {} : { ca }),
        ...(clientCertificate === undefined ? {} : { cert: clientCertificate.certificate, key: clientCertificate.key }),
        timeout: 10_000,
      },
      headersTimeout: options.timeoutMillis ?? 30_000,
    };
    const { origin } = new URL(baseUrl);
    this.#calls = new Pool(origin, { ...shared, bodyTimeout: shared.headersTimeout, connections: connectionsMost });
    this.#streams = new Pool(origin, { ...shared, bodyTimeout: 0 }); // A quiet watch is no dead one.
  }

  /** The decoded body and the warnings. Reads are tried again where the server is away or busy; writes never are. */
  async json(call: Call): Promise<{ readonly body: unknown; readonly warnings: readonly string[] }> {
    for (let attempt = 0; ; attempt++) {
      const pause = call.method === "GET" ? retryPauses[attempt] : undefined;
      try {
        const response = await this.#send(this.#calls, call);
        const text = await response.body.text();
        const body = text === "" ? undefined : parsed(text);
        // The parser's own message quotes the text, which may hold a secret.
        if (text !== "" && body === undefined) throw new Error("the answer is not JSON");
        return { body, warnings: warningsOf(response) };
      } catch (thrown) {
        const fault = this.#faultOf(thrown);
        if (pause === undefined || !transient.has(fault.code)) throw fault;
        await wait(pause);
      }
    }
  }

  /** An answer that goes on: its body is read as it comes. Faults as of `json`, but it is tried once. */
  open(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    return this.#send(this.#streams, call, signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#streams.destroy()]);
  }

  /** Faults: what the server says, ServiceUnavailable where it doesn't answer. */
  async #send(pool: Pool, call: Call, signal?: AbortSignal): Promise<Dispatcher.ResponseData> {
    let response: Dispatcher.ResponseData;
    try {
      response = await pool.request({
        method: call.method,
        path: pathOf(this.#baseUrl, call),
        headers: {
          ...this.#headers,
          ...(call.body === undefined ? {} : { "content-type": call.contentType ?? "application/json" }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (thrown) {
      throw this.#faultOf(thrown);
    }
    if (response.statusCode < 400) return response;
    const text = await response.body.text().catch(() => "");
    throw faultOf(response.statusCode, parsed(text));
  }

  #faultOf(thrown: unknown): ApiFault {
    if (thrown instanceof ApiFault) return thrown;
    const why = thrown instanceof Error ? ("code" in thrown ? String(thrown.code) : thrown.message) : "unknown";
    return new ApiFault("ServiceUnavailable", `the API at ${this.#baseUrl} doesn't answer: ${why}`, { cause: thrown });
  }
}

function pathOf(baseUrl: string, { path, query = {} }: Call): string {
  const prefix = new URL(baseUrl).pathname.replace(/\/+$/, "");
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.append(name, value);
  const text = parameters.toString();
  return `${prefix}${path}${text === "" ? "" : `?${text}`}`;
}

function warningsOf({ headers }: Dispatcher.ResponseData): readonly string[] {
  const given = headers.warning;
  const lines = given === undefined ? [] : Array.isArray(given) ? given : [given];
  return lines.flatMap((line) =>
    [...line.matchAll(/299 \S+ "((?:\\.|[^"\\])*)"/g)].map(([, text = ""]) => text.replace(/\\(.)/g, "$1")),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
