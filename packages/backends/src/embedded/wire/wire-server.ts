import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Client, KindRegistry } from "@sluice/api";
import { ApiFault } from "@sluice/api";
import { type Clock, Fault, millis } from "@sluice/kernel";
import type { ServerIdentity } from "../tls/server-identity.ts";
import { wantsAggregatedDiscovery } from "./answer/accepted-form.ts";
import { type Reply, send, type WholeReply } from "./answer/reply.ts";
import { apiFaultOf, failure, type Subject } from "./answer/status.ts";
import { answerCollection } from "./collection-requests.ts";
import { type Identity, type NamedToken, originCheck, tokenCheck } from "./credentials.ts";
import {
  aggregatedDiscovery,
  aggregatedType,
  coreVersions,
  groupList,
  groupNamed,
  resourceList,
} from "./discovery/discovery.ts";
import { OpenapiDocuments, openapiV2 } from "./discovery/openapi.ts";
import { Exchange, type Service } from "./exchange.ts";
import { answerObject, methodNotAllowed } from "./object-requests.ts";
import type { PodLogs } from "./pod-logs.ts";
import { defaultLimits, type WireLimits } from "./request/limits.ts";
import { isRecord } from "./request/request-options.ts";
import { type Target, targetOf } from "./request/request-target.ts";
import { reviewed } from "./reviews.ts";

export interface WireServerOptions {
  readonly client: Client;
  /** Read at each request: kinds may come and go at run time. */
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly tls: ServerIdentity;
  readonly tokens: readonly NamedToken[];
  /** Absent: `pods/log` answers that no logs are kept. */
  readonly podLogs?: PodLogs;
  /** Sluice's own version, e.g. `0.1.0`; it stands in `/version` behind the Kubernetes version that is spoken. */
  readonly version?: string;
  readonly limits?: Partial<WireLimits>;
  /** Further names that clients may reach it by, beside localhost and its addresses. */
  readonly hosts?: readonly string[];
  /** What `/readyz` says: undefined when a write would be accepted and traffic served, else the reason why not. */
  readonly notReady?: () => string | undefined;
  /** Told what failed inside, with its cause; never what callers did wrong. */
  readonly onInternalError?: (thrown: unknown) => void;
}

export interface WireServer {
  /** Port 0 takes a free one. Loopback only. Faults: invalid where `host` isn't loopback; whatever listening refuses with. */
  listen(port: number, host?: string): Promise<{ readonly port: number; readonly url: string }>;
  /** From the next connection on. */
  renew(tls: ServerIdentity): void;
  /** Watches and logs that are being followed. */
  openStreams(): number;
  /** Takes no more, ends the watches, lets answers under way finish for a second, then cuts. */
  close(): Promise<void>;
}

/** Speaks the Kubernetes API over https for one Client. */
export function createWireServer(options: WireServerOptions): WireServer {
  const limits: WireLimits = { ...defaultLimits, ...options.limits };
  const service: Service = {
    client: options.client,
    kinds: options.kinds,
    clock: options.clock,
    limits,
    podLogs: options.podLogs,
  };
  const documents = new OpenapiDocuments(options.kinds);
  const identify = tokenCheck(options.tokens);
  const checkOrigin = originCheck(options.hosts);
  const streams = new Set<ServerResponse>();

  const server: Server = createServer(
    {
      key: options.tls.key,
      cert: options.tls.certificate,
      ALPNProtocols: ["http/1.1"],
      maxHeaderSize: limits.headers,
      headersTimeout: 15_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 120_000,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
      highWaterMark: 16 * 1024,
    },
    (request, response) => {
      serve(request, response).catch((thrown) => {
        options.onInternalError?.(thrown);
        response.destroy();
      });
    },
  );
  server.maxConnections = limits.connections;
  server.on("clientError", refuseBrokenRequest);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {}); // The peer went away: `close` says so too.
    let exchange: Exchange | undefined;
    let target: Target | undefined;
    try {
      const url = splitUrl(request.url ?? "/");
      checkOrigin({
        host: request.headers.host,
        origin: request.headers.origin,
        fetchSite: header(request, "sec-fetch-site"),
      });
      if (isHealthPath(url.path)) return await send(request, response, health(url.path));
      const identity = identify(request.headers.authorization);
      target = targetOf(url.path, options.kinds);
      exchange = new Exchange(service, request, identity, new URLSearchParams(url.query));
      const reply = await answer(exchange, target, identity);
      if (reply.is !== "stream") return await send(request, response, reply);
      streams.add(response);
      response.on("close", () => streams.delete(response));
      await reply.run(request, response);
    } catch (thrown) {
      await refuse(request, response, thrown, subjectOf(target, exchange?.createdName));
    }
  }

  async function refuse(
    request: IncomingMessage,
    response: ServerResponse,
    thrown: unknown,
    subject: Subject,
  ): Promise<void> {
    const fault = apiFaultOf(thrown);
    if (fault.reason === "InternalError") options.onInternalError?.(thrown);
    if (response.headersSent || response.destroyed) return void response.destroy();
    if (fault.reason === "Unauthorized") response.setHeader("www-authenticate", 'Bearer realm="sluice"');
    if (fault.code === 429 || fault.code === 503) response.setHeader("retry-after", "1");
    if (!request.complete && hasBody(request)) lingeringClose(request, response);
    await send(request, response, { is: "json", code: fault.code, body: failure(fault, subject) });
  }

  async function answer(exchange: Exchange, target: Target, identity: Identity): Promise<Reply> {
    switch (target.is) {
      case "collection":
        return answerCollection(exchange, target);
      case "object":
        return answerObject(exchange, target);
      case "review": {
        if (exchange.method !== "POST") throw methodNotAllowed();
        const body = await exchange.body();
        return { is: "json", code: 201, body: reviewed(target.plural, isRecord(body) ? body : {}, identity) };
      }
      default:
        if (exchange.method !== "GET" && exchange.method !== "HEAD") throw methodNotAllowed();
        return document(exchange, target);
    }
  }

  function document(exchange: Exchange, target: Exclude<Target, { is: "collection" | "object" | "review" }>): Reply {
    const { kinds } = options;
    const accept = exchange.request.headers.accept;
    switch (target.is) {
      case "health":
        return health(`/${target.check}`);
      case "version":
        return found(versionOf(options.version ?? "0"));
      case "root":
        return found({
          paths: ["/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"],
        });
      case "coreVersions":
        return wantsAggregatedDiscovery(accept) ? aggregated(true) : found(coreVersions());
      case "groups":
        return wantsAggregatedDiscovery(accept) ? aggregated(false) : found(groupList(kinds));
      case "group":
        return found(groupNamed(kinds, target.group));
      case "groupVersion":
        return found(resourceList(kinds, target.group, target.version));
      case "openapiIndex":
        return found(documents.index());
      case "openapi":
        return openapi(exchange, target.group, target.version);
      case "openapiV2":
        return openapiV2(accept);
    }
  }

  function openapi(exchange: Exchange, group: string, version: string): Reply {
    const kept = documents.document(group, version);
    if (kept === undefined) return found(undefined);
    const etag = `"${kept.hash}"`;
    const named = exchange.query.get("hash") === kept.hash;
    const headers = { etag, ...(named ? { "cache-control": "public, immutable, max-age=31536000" } : {}) };
    const isKnown = exchange.request.headers["if-none-match"] === etag;
    return {
      is: "text",
      code: isKnown ? 304 : 200,
      contentType: "application/json",
      headers,
      text: isKnown ? "" : kept.text,
    };
  }

  const aggregated = (core: boolean): Reply => ({
    is: "json",
    code: 200,
    body: aggregatedDiscovery(options.kinds, core),
    contentType: aggregatedType,
  });

  function health(path: string): WholeReply {
    const why = path.startsWith("/readyz") ? options.notReady?.() : undefined;
    return {
      is: "text",
      code: why === undefined ? 200 : 503,
      contentType: "text/plain; charset=utf-8",
      text: why === undefined ? "ok" : `not ready: ${why}\n`,
    };
  }

  return {
    listen: (port, host = "127.0.0.1") => listen(server, port, host),
    renew: (tls) => server.setSecureContext({ key: tls.key, cert: tls.certificate }),
    openStreams: () => streams.size,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const response of streams) response.end(() => response.socket?.destroySoon());
      server.closeIdleConnections();
      const cut = options.clock.after(millis(1000), () => server.closeAllConnections());
      await closed;
      cut.cancel();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<{ port: number; url: string }> {
  if (!/^(127(\.\d{1,3}){3}|::1|localhost)$/.test(host)) {
    throw new Fault("invalid", `the API listens on loopback only: found ${host}, expected 127.0.0.1 or ::1`);
  }
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // A thousand watchers that come back at once must not be dropped by a short queue.
    server.listen({ port, host, backlog: 4096 }, () => {
      server.off("error", reject);
      const bound = (server.address() as AddressInfo).port;
      resolve({ port: bound, url: `https://${host.includes(":") ? `[${host}]` : host}:${bound}` });
    });
  });
}

function found(body: unknown): Reply {
  if (body === undefined) throw new ApiFault("NotFound", "the server could not find the requested resource");
  return { is: "json", code: 200, body };
}

const versionOf = (own: string) => ({
  major: "1",
  minor: "33",
  gitVersion: `v1.33.0+sluice-${own}`,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: `${process.platform}/${process.arch}`,
});

function splitUrl(url: string): { path: string; query: string } {
  const mark = url.indexOf("?");
  return mark === -1 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

const isHealthPath = (path: string): boolean => /^\/(livez|readyz|healthz)(\/|$)/.test(path);

function subjectOf(target: Target | undefined, createdName: string | undefined): Subject {
  if (target?.is === "object") return { definition: target.definition, name: target.name };
  if (target?.is !== "collection") return {};
  return { definition: target.definition, ...(createdName === undefined ? {} : { name: createdName }) };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/**
 * Answers while the caller still sends, and closes only when it had time to read the answer: closing with unread data
 * would reset the connection, and the answer with it. What still comes is thrown away, for a moment.
 */
function lingeringClose(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("connection", "close");
  const { socket } = request;
  request.on("error", () => {});
  request.resume();
  const timer = setTimeout(() => socket.destroy(), 1000);
  socket.on("close", () => clearTimeout(timer));
}

/** A request that isn't HTTP, or whose head is too large, in the words of the API. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket | import("node:stream").Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const tooLarge = error.code === "HPE_HEADER_OVERFLOW";
  const body = JSON.stringify(
    failure(new ApiFault("BadRequest", tooLarge ? "the request's head is too large" : "the request is not HTTP/1.1")),
  );
  socket.end(
    `HTTP/1.1 ${tooLarge ? "431 Request Header Fields Too Large" : "400 Bad Request"}\r\nconnection: close\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
