// The programs of the router's bench, each in a process of its own: `node process.ts ROLE ARGUMENTS…`.
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { createProxyServer } from "http-proxy-3";
import { type Clock, instant } from "../../packages/kernel/src/index.ts";
import type { RouteTable } from "../../packages/router/src/index.ts";
import { createRouter } from "../../packages/router/src/node/index.ts";

const [role, ...parameters] = process.argv.slice(2);
const ready = (port: number) => process.send?.({ port });

/** Answers with 1 KiB, the first bytes of it the version's name. */
function backend(version: string): void {
  const body = Buffer.alloc(1024, version.padEnd(8, "."));
  const server = createServer((_, response) => {
    response.setHeader("Content-Length", body.length);
    response.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => ready((server.address() as AddressInfo).port));
}

async function router(ports: readonly number[]): Promise<void> {
  const clock: Clock = {
    now: () => instant(Date.now()),
    after: (wait, task) => {
      const timer = setTimeout(task, wait);
      return { cancel: () => clearTimeout(timer) };
    },
  };
  const table = (version: number, canary: number): RouteTable => ({
    format: 1,
    version,
    services: [
      {
        namespace: "default",
        name: "shop",
        ports: [{ number: 80, protocol: "http" }],
        endpoints: ports.map((port, place) => ({
          uid: `uid-${place}`,
          address: "127.0.0.1",
          ports: [port],
          version: `v${place + 1}`,
        })),
        subsets: { stable: [0], canary: [1] },
      },
    ],
    virtualServices: [
      {
        namespace: "default",
        name: "shop",
        hosts: ["shop.default"],
        http: [
          {
            id: "primary",
            destinations: [
              { service: "shop.default", subset: "stable", weight: 100 - canary },
              { service: "shop.default", subset: "canary", weight: canary },
            ],
          },
        ],
      },
    ],
  });
  const one = createRouter({ clock });
  let version = 1;
  one.apply(table(version, 0));
  process.on("message", (message: { canary: number }) => one.apply(table(++version, message.canary)));
  ready((await one.listen({ host: "127.0.0.1", port: 0 })).port);
}

function httpProxy(port: number): void {
  const agent = new (process.getBuiltinModule("node:http").Agent)({ keepAlive: true, maxSockets: 512 });
  const proxy = createProxyServer({ target: `http://127.0.0.1:${port}`, agent, xfwd: true });
  const server = createServer((request, response) => proxy.web(request, response));
  server.listen(0, "127.0.0.1", () => ready((server.address() as AddressInfo).port));
}

/** Loads a port from kept connections; without a rate each sends as soon as it has its answer. */
function load(port: number, connections: number, seconds: number, rate: number): void {
  const request = "GET /cart?id=1 HTTP/1.1\r\nHost: shop.default\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
  const latencies: number[] = [];
  const idle: (() => void)[] = [];
  let errors = 0;
  let isRunning = true;
  let begun = performance.now();
  const isPaced = rate > 0;
  const due: number[] = [];
  for (let count = 0; count < connections; count++) {
    const socket = connect(port, "127.0.0.1").setNoDelay(true);
    let sentAt = 0;
    let needed = 0;
    let received = 0;
    const send = () => {
      sentAt = isPaced ? (due.shift() ?? performance.now()) : performance.now();
      needed = 0;
      received = 0;
      socket.write(request, "latin1");
    };
    socket.on("connect", () => (isPaced ? idle.push(send) : send()));
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (needed === 0) {
        const end = chunk.indexOf("\r\n\r\n");
        const isChunked = chunk.includes("chunked");
        if (chunk.toString("latin1", 9, 12) !== "200" || isChunked) errors++;
        needed = end + 4 + 1024;
      }
      if (received < needed) return;
      latencies.push(performance.now() - sentAt);
      if (!isRunning) return;
      if (!isPaced || due.length > 0) send();
      else idle.push(send);
    });
    socket.on("error", () => errors++);
  }
  if (isPaced) {
    let planned = 0;
    setInterval(() => {
      const wanted = ((performance.now() - begun) / 1000) * rate;
      for (; planned < wanted; planned++) {
        due.push(performance.now());
        idle.pop()?.();
      }
    }, 1);
  }
  // The first moments warm both sides up, and don't count.
  setTimeout(() => {
    latencies.length = 0;
    if (!isPaced) begun = performance.now();
    process.send?.({ isWarm: true });
    setTimeout(() => {
      isRunning = false;
      latencies.sort((a, b) => a - b);
      const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
      process.send?.({ requests: latencies.length, errors, p50: at(0.5), p99: at(0.99) }, () => process.exit(0));
    }, seconds * 1000);
  }, 500);
}

const numbers = parameters.map(Number);
const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
if (role === "backend") backend(parameters[0] ?? "v1");
if (role === "router") await router(numbers);
if (role === "http-proxy-3") httpProxy(first);
if (role === "load") load(first, second, third, fourth);
