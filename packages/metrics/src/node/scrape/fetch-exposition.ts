import { Agent, request } from "undici";
import type { ExpositionFormat } from "../../exposition/parse.ts";
import { readBody } from "../providers/read-body.ts";

export interface FetchedExposition {
  readonly text: string;
  readonly format: ExpositionFormat;
}

const bodyMax = 10 * 1024 * 1024;
const accepted = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";

/** Scrapes are many and small, and a target's certificate is its own: nothing secret goes there. */
export const scrapeAgent = (): Agent =>
  new Agent({ keepAliveTimeout: 15_000, connections: 1, connect: { rejectUnauthorized: false } });

/** Throws an Error that says why in a few words. */
export async function fetchExposition(url: string, agent: Agent, signal: AbortSignal): Promise<FetchedExposition> {
  const response = await request(url, {
    method: "GET",
    headers: { accept: accepted, "user-agent": "sluice" },
    dispatcher: agent,
    signal,
  });
  if (response.statusCode !== 200) {
    await response.body.dump({ limit: 65_536 });
    throw new Error(`server returned HTTP status ${response.statusCode}`);
  }
  const bytes = await readBody(response.body, bodyMax);
  const type = String(response.headers["content-type"] ?? "");
  if (type.startsWith("application/vnd.google.protobuf"))
    throw new Error("the target answers in protobuf, text was asked");
  return {
    text: bytes.toString("utf8"),
    format: type.startsWith("application/openmetrics-text") ? "openmetrics" : "prometheus-text",
  };
}
