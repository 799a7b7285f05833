import type { IncomingMessage, ServerResponse } from "node:http";
import type { Client } from "@sluice/api";
import { type Clock, toFault } from "@sluice/kernel";
import { parseLiveRequests } from "../live/messages.ts";
import type { LearnedDay, ShownCalibration } from "../live/rehearsals.ts";
import { type Asset, readAsset, readPage } from "./assets.ts";
import { streamLive } from "./live-stream.ts";
import { notBuiltPage, plainStyle, signInPage, staleLinkPage } from "./plain-pages.ts";
import { releaseChangesAt } from "./release-changes.ts";
import { originRefusal } from "./request-origin.ts";
import { createSessions } from "./sessions.ts";

/** Passes a request on to where `path` (with its query) leads. */
export type Forward = (request: IncomingMessage, response: ServerResponse, path: string) => void;

export interface ConsoleHandlerOptions {
  /** What `buildConsole` made; it may come later. */
  readonly assetsFolder: string;
  readonly version: string;
  /** Signs the sessions: another secret ends them all. */
  readonly secret: string;
  readonly clock: Clock;
  /** What the pages watch. */
  readonly client: Client;
  /** The API by its own paths, in the name of who is signed in: `/k8s/apis/…` without the `/k8s`. */
  readonly upstream: Forward;
  /** Prometheus' HTTP API: `/prometheus/api/v1/…` without the `/prometheus`. */
  readonly query: Forward;
  /** What rehearsals predicted of the releases of a namespace against what they came to. */
  readonly calibration: (namespace: string) => Promise<ShownCalibration>;
  /** An ordinary day of a Rollout's service, from the metrics that there are; undefined where there is no such Rollout. */
  readonly learnedDay: (namespace: string, rollout: string) => Promise<LearnedDay | undefined>;
}

export interface ConsoleHandler {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** A path that signs one browser in, once, for ten minutes. */
  createLoginLink(): string;
}

const livePages = 64;
const watchesMax = 24;

/** The console: its pages, its sessions, and what the pages may reach. Loopback names only. */
export function createConsoleHandler(options: ConsoleHandlerOptions): ConsoleHandler {
  const sessions = createSessions(options.secret, options.clock);
  let openStreams = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    protect(response);
    const refusal = originRefusal(request);
    if (refusal !== undefined) return say(response, 403, refusal);
    const url = URL.parse(request.url ?? "/", "http://localhost");
    if (url === null) return say(response, 400, "no such path");
    const { pathname, searchParams } = url;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (/^\/(k8s|prometheus|live|changes|calibration|learned)(\/|$)/.test(pathname)) {
      if (!sessions.isSignedIn(request.headers.cookie)) return say(response, 401, "no session: see `sluice status`");
      return await reach(request, response, url);
    }
    if (!isRead) return say(response, 405, "only GET here");
    if (pathname === "/login") return signIn(response, searchParams.get("key") ?? "", request.method === "GET");
    if (pathname === "/plain.css") return send(response, 200, { body: Buffer.from(plainStyle), type: "text/css" });
    if (pathname.startsWith("/assets/")) {
      const asset = await readAsset(options.assetsFolder, pathname.slice("/assets/".length));
      if (asset === undefined) return say(response, 404, "no such file");
      response.setHeader("cache-control", "public, max-age=31536000, immutable");
      return send(response, 200, asset);
    }
    if (pathname === "/favicon.ico") return say(response, 404, "no such file");
    if (!sessions.isSignedIn(request.headers.cookie)) return send(response, 401, html(signInPage));
    const page = await readPage(options.assetsFolder);
    send(response, page === undefined ? 503 : 200, page ?? html(notBuiltPage));
  }

  async function reach(
    request: IncomingMessage,
    response: ServerResponse,
    { pathname, search, searchParams }: URL,
  ): Promise<void> {
    // Checked and passed on as parsed: in `/k8s//elsewhere/../../apis/` the text alone would name another host.
    const path = pathname.replace(/^\/(k8s|prometheus)/, "") + search;
    if (/^\/k8s\/(api|apis)\//.test(pathname)) return options.upstream(request, response, path);
    if (/^\/prometheus\/api\/v1\//.test(pathname)) return options.query(request, response, path);
    if (pathname.startsWith("/changes/")) {
      const changes = await releaseChangesAt(options.client, pathname);
      if (changes === undefined) return say(response, 404, "no such release");
      return json(response, changes);
    }
    const [, calibrated] = /^\/calibration\/([^/]+)$/.exec(pathname) ?? [];
    if (calibrated !== undefined) return json(response, await options.calibration(decodeURIComponent(calibrated)));
    const [, namespace, rollout] = /^\/learned\/([^/]+)\/([^/]+)$/.exec(pathname)?.map(decodeURIComponent) ?? [];
    if (namespace !== undefined && rollout !== undefined) return await learn(response, namespace, rollout);
    if (pathname !== "/live") return say(response, 404, "no such path");
    const requests = parseLiveRequests(searchParams.getAll("watch"));
    if (requests === undefined || requests.length > watchesMax) return say(response, 400, "no such kind to watch");
    if (openStreams >= livePages) return say(response, 503, "too many pages are open");
    openStreams++;
    response.on("close", () => openStreams--);
    await streamLive(response, { client: options.client, requests, version: options.version, clock: options.clock });
  }

  async function learn(response: ServerResponse, namespace: string, rollout: string): Promise<void> {
    try {
      const learned = await options.learnedDay(namespace, rollout);
      if (learned === undefined) say(response, 404, `there is no Rollout ${rollout} in ${namespace}`);
      else json(response, learned);
    } catch (thrown) {
      say(response, 502, toFault(thrown).message);
    }
  }

  /** Only GET uses the key up: what looks ahead at links asks by HEAD. */
  function signIn(response: ServerResponse, key: string, mayUse: boolean): void {
    const cookie = mayUse ? sessions.exchange(key) : undefined;
    if (cookie === undefined) send(response, mayUse ? 401 : 200, html(staleLinkPage));
    else response.writeHead(303, { "set-cookie": cookie, location: "/" }).end();
  }

  return {
    handle(request, response) {
      response.on("error", () => {});
      answer(request, response).catch(() => {
        if (response.headersSent) response.destroy();
        else say(response, 500, "that failed inside; the log of the control plane may say more");
      });
    },
    createLoginLink: () => `/login?key=${sessions.createLoginKey()}`,
  };
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function protect(response: ServerResponse): void {
  response.setHeader("content-security-policy", policy);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("cache-control", "no-store");
}

const html = (text: string): Asset => ({ body: Buffer.from(text), type: "text/html; charset=utf-8" });

function send(response: ServerResponse, status: number, { body, type }: Asset): void {
  response.writeHead(status, { "content-type": type, "content-length": body.length });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

const json = (response: ServerResponse, value: object): void =>
  send(response, 200, { body: Buffer.from(JSON.stringify(value)), type: "application/json" });

function say(response: ServerResponse, status: number, text: string): void {
  send(response, status, { body: Buffer.from(`${text}\n`), type: "text/plain; charset=utf-8" });
}
