import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** What to answer: decided first, sent in one place. */
export type Reply =
  | WholeReply
  /** Writes the head itself, and goes on until it ends the response. */
  | { readonly is: "stream"; readonly run: (request: IncomingMessage, response: ServerResponse) => Promise<void> };

export type WholeReply =
  | {
      readonly is: "json";
      readonly code: number;
      readonly body: unknown;
      readonly warnings?: readonly string[];
      readonly contentType?: string;
    }
  | {
      readonly is: "text";
      readonly code: number;
      readonly text: string;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

const compress = promisify(gzip);
/** As Kubernetes: below this, compressing costs more than it saves. */
const worthCompressing = 128 * 1024;

export async function send(request: IncomingMessage, response: ServerResponse, reply: WholeReply): Promise<void> {
  const text = reply.is === "text" ? reply.text : JSON.stringify(reply.body);
  const headers: Record<string, string | string[]> = {
    "content-type": reply.contentType ?? "application/json",
    "cache-control": "no-cache, private",
    "x-content-type-options": "nosniff",
  };
  if (reply.is === "text") Object.assign(headers, reply.headers);
  else if (reply.warnings?.length) headers.warning = reply.warnings.map(warningHeader);
  let body: Buffer = Buffer.from(text);
  if (body.length > worthCompressing && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""))) {
    body = await compress(body, { level: 1 });
    headers["content-encoding"] = "gzip";
    headers.vary = "Accept-Encoding";
  }
  headers["content-length"] = String(body.length);
  response.writeHead(reply.code, headers);
  response.end(request.method === "HEAD" ? undefined : body);
}

/** RFC 7234, 5.5: what kubectl prints as `Warning: ...`. */
const warningHeader = (text: string): string =>
  `299 - "${text
    .replace(/[^\x20-\x7e]/g, "?")
    .replace(/["\\]/g, "\\$&")
    .slice(0, 1000)}"`;
