import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface FrontServerOptions {
  /** `/v2/…`, with credentials of its own. */
  readonly registry: Handler;
  /** `/hooks/git`, signed by the forge. */
  readonly hooks: Handler;
  /** Prometheus' HTTP API. */
  readonly query: Handler;
  readonly queryToken: string;
  /** Everything else: the console, which has sessions. */
  readonly console: Handler;
  /** Undefined when a write would be accepted and traffic served, else the reason why not. */
  readonly notReady: () => string | undefined;
}

const queryPath =
  /^\/(api\/v1\/(query|query_range|series|labels|label\/[^/]+\/values|metadata|status\/buildinfo)|-\/(healthy|ready))$/;

/** The http listener: console, registry, webhooks, metrics queries. Loopback names only, so that no web page can drive it. */
export function createFrontServer(options: FrontServerOptions): Server {
  return createServer({ requestTimeout: 0, headersTimeout: 15_000 }, (request, response) => {
    response.on("error", () => {});
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (path === "/livez" || path === "/healthz") return say(response, 200, "ok");
    if (path === "/readyz") {
      const why = options.notReady();
      return say(response, why === undefined ? 200 : 503, why === undefined ? "ok" : `not ready: ${why}`);
    }
    // A forge calls from outside, by whatever name a tunnel gives; its signature is what counts.
    if (path === "/hooks/git") return options.hooks(request, response);
    if (!isLoopbackName(request.headers.host)) return say(response, 403, "this Host is not served: use localhost");
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${request.headers.host}`) {
      return say(response, 403, "requests from other web pages are not served");
    }
    if (path === "/v2" || path.startsWith("/v2/")) return options.registry(request, response);
    if (queryPath.test(path)) {
      if (!path.startsWith("/-/") && !hasToken(request.headers.authorization, options.queryToken)) {
        response.setHeader("www-authenticate", 'Bearer realm="sluice"');
        return say(response, 401, "a token is needed: see `sluice status`");
      }
      return options.query(request, response);
    }
    options.console(request, response);
  });
}

export async function listenOn(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

export function isLoopbackName(host: string | undefined): boolean {
  const name = (host ?? "").toLowerCase().replace(/:\d+$/, "");
  return name === "localhost" || name === "127.0.0.1" || name === "[::1]" || name.endsWith(".localhost");
}

/** A bearer token, or the password of basic credentials (what Grafana and promtool can send). */
function hasToken(authorization: string | undefined, token: string): boolean {
  const [scheme = "", value = ""] = (authorization ?? "").split(" ");
  const given = /^basic$/i.test(scheme)
    ? Buffer.from(value, "base64").toString("utf8").split(":").slice(1).join(":")
    : value;
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}
