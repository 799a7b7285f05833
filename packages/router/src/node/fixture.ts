import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { type Clock, instant } from "@sluice/kernel";
import type { EndpointEntry, HttpRouteEntry, RouteTable } from "../table.ts";
import { createRouter, type Router, type RouterOptions } from "./router.ts";

/** For tests: the machine's own time. */
export const realClock: Clock = {
  now: () => instant(Date.now()),
  after: (wait, task) => {
    const timer = setTimeout(task, wait);
    return { cancel: () => clearTimeout(timer) };
  },
};

const endings: (() => Promise<unknown> | unknown)[] = [];

/** Runs when the test is over, the latest first. */
export const atEnd = (end: () => Promise<unknown> | unknown): unknown => endings.push(end);

export async function endAll(): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end();
}

export interface Listening<Kind> {
  readonly server: Kind;
  readonly port: number;
}

/** A backend on a free port. */
export async function backend(handler: RequestListener, set: (server: Server) => void = () => {}) {
  const server = createServer(handler);
  set(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

export interface Versions {
  readonly [version: string]: readonly number[];
}

/** One Service `shop` in namespace `default`; each version is a subset of its name, at those ports. */
export function shopTable(versions: Versions, http?: readonly HttpRouteEntry[], version = 1): RouteTable {
  const endpoints: EndpointEntry[] = [];
  const subsets: Record<string, number[]> = {};
  for (const [name, ports] of Object.entries(versions)) {
    subsets[name] = ports.map((port) => {
      const uid = `${name}-${port}`;
      return endpoints.push({ uid, address: "127.0.0.1", ports: [port], version: name, hash: `hash-${name}` }) - 1;
    });
  }
  const service = { namespace: "default", name: "shop", ports: [{ number: 80, protocol: "http" as const }] };
  return {
    format: 1,
    version,
    services: [{ ...service, endpoints, subsets }],
    virtualServices: http === undefined ? [] : [{ namespace: "default", name: "shop", hosts: ["shop.default"], http }],
  };
}

export const split = (
  weights: Readonly<Record<string, number>>,
  more: Partial<HttpRouteEntry> = {},
): HttpRouteEntry => ({
  id: "primary",
  destinations: Object.entries(weights).map(([subset, weight]) => ({ service: "shop.default", subset, weight })),
  ...more,
});

/** A router on a free port. */
export async function routerFor(table: RouteTable, options: Partial<RouterOptions> = {}) {
  const router: Router = createRouter({ clock: realClock, ...options });
  atEnd(() => router.close());
  router.apply(table);
  const { port } = await router.listen({ host: "127.0.0.1", port: 0 });
  return { router, port };
}

/** Sends text as it is, and gives all that comes back until the other side closes, or `until` is in it. */
export function raw(port: number, text: string | readonly string[], until?: string | RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (until !== undefined && (typeof until === "string" ? received.includes(until) : until.test(received))) {
        socket.destroy();
        resolve(received);
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve(received) : reject(error),
    );
    socket.on("close", () => resolve(received));
    const parts = typeof text === "string" ? [text] : text;
    socket.on("connect", async () => {
      for (const part of parts) {
        socket.write(part, "latin1");
        if (parts.length > 1) await new Promise((next) => setTimeout(next, 5));
      }
    });
  });
}

export const get = (path = "/", headers = ""): string => `GET ${path} HTTP/1.1\r\nHost: shop.default\r\n${headers}\r\n`;

/** The value of a counter of the router, by some of its labels. */
export const counted = (router: Router, labels: Readonly<Record<string, string>>): number =>
  sumOf(router, "http_requests_total", labels);

/** The value of a counter of copies, by some of its labels. */
export const mirroredCount = (router: Router, labels: Readonly<Record<string, string>>): number =>
  sumOf(router, "http_mirrored_requests_total", labels);

/** Waits for something that happens on a socket of its own, a turn of the event loop at a time. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((next) => setImmediate(next));
}

function sumOf(router: Router, metric: string, labels: Readonly<Record<string, string>>): number {
  let sum = 0;
  for (const line of router.metricsText().split("\n")) {
    if (!line.startsWith(`${metric}{`)) continue;
    if (Object.entries(labels).every(([name, value]) => line.includes(`${name}="${value}"`))) {
      sum += Number(line.slice(line.lastIndexOf(" ") + 1));
    }
  }
  return sum;
}

/** A backend on a bare socket, answering as told. */
export async function rawBackend(onConnection: (socket: Socket) => void) {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  atEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Answers with what it was asked. */
export const echo: RequestListener = (request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
};
