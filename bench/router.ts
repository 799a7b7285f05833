import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Row } from "./row.ts";

const connections = 32;
const rounds = 3;
const seconds = 2;
const pacedRate = 3000;

interface Proxy {
  readonly name: string;
  readonly port: number;
  /** Whose CPU time is taken. */
  readonly pid: number;
}

const program = join(import.meta.dirname, "router", "process.ts");
const children: ChildProcess[] = [];

async function start(role: string, ...parameters: (string | number)[]): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(program, [role, ...parameters.map(String)]);
  children.push(child);
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { child, port };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing answers on port ${port}`);
}

const isInstalled = (name: string): boolean => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;

async function nginx(folder: string, backend: number): Promise<Proxy> {
  const port = await freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join("\n");
  writeFileSync(
    `${folder}/nginx.conf`,
    `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.err;
events { worker_connections 4096; }
http { access_log off; ${paths} keepalive_requests 100000000;
  upstream backend { server 127.0.0.1:${backend}; keepalive 256; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://backend; proxy_http_version 1.1;
    proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Request-Id $request_id;
    proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host; } } }`,
  );
  const child = spawn("nginx", ["-c", `${folder}/nginx.conf`, "-e", `${folder}/nginx.err`], { stdio: "ignore" });
  children.push(child);
  await answers(port);
  // Its port takes connections before the worker is there that answers them.
  let worker = "";
  while (worker === "") {
    await delay(20);
    worker = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0] ?? "";
  }
  return { name: "nginx", port, pid: Number(worker) };
}

async function haproxy(folder: string, backend: number): Promise<Proxy> {
  const port = await freePort();
  writeFileSync(
    `${folder}/haproxy.cfg`,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen shop
  bind 127.0.0.1:${port}
  unique-id-format %[uuid()]
  unique-id-header X-Request-Id
  http-request set-header X-Forwarded-Proto http
  server one 127.0.0.1:${backend} pool-max-conn 256
`,
  );
  const child = spawn("haproxy", ["-db", "-f", `${folder}/haproxy.cfg`], { stdio: "ignore" });
  children.push(child);
  await answers(port);
  return { name: "haproxy", port, pid: child.pid ?? 0 };
}

/** User and system time in microseconds; the kernel counts in hundredths of a second. */
function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

interface Measured {
  readonly cpu: number;
  readonly perSecond: number;
  readonly p99: number;
}

async function measure(proxy: Proxy, rate: number): Promise<Measured> {
  const child = fork(program, ["load", proxy.port, connections, seconds, rate].map(String));
  await once(child, "message");
  const before = cpuMicros(proxy.pid);
  const [result] = (await once(child, "message")) as [{ requests: number; errors: number; p99: number }];
  const cpu = (cpuMicros(proxy.pid) - before) / result.requests;
  if (result.errors > 0) throw new Error(`${proxy.name}: ${result.errors} requests failed`);
  return { cpu, perSecond: result.requests / seconds, p99: result.p99 };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** Milliseconds from the call for a new weight, made in another process, to the first answer that follows it. */
async function weightChange(router: { child: ChildProcess; port: number }): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      get({ port: router.port, host: "127.0.0.1", agent, headers: { host: "shop.default" } }, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve(body.slice(0, 2)));
      }).on("error", reject);
    });
  const times: number[] = [];
  for (let change = 0; change < 300; change++) {
    const canary = change % 2 === 0 ? 5 : 0;
    const start = performance.now();
    router.child.send({ canary });
    if (canary === 0) {
      // The way back: a wheel's turn without the canary.
      for (let stable = 0; stable < 20; ) stable = (await ask()) === "v1" ? stable + 1 : 0;
      continue;
    }
    while ((await ask()) !== "v2");
    times.push(performance.now() - start);
  }
  agent.destroy();
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}

export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "router-bench-"));
  try {
    const [v1, v2] = [await start("backend", "v1"), await start("backend", "v2")];
    const ours = await start("router", v1.port, v2.port);
    const javascript = await start("http-proxy-3", v1.port);
    const proxies: Proxy[] = [
      { name: "router", port: ours.port, pid: ours.child.pid ?? 0 },
      { name: "http-proxy-3", port: javascript.port, pid: javascript.child.pid ?? 0 },
    ];
    for (const [name, run] of [["nginx", nginx] as const, ["haproxy", haproxy] as const]) {
      if (isInstalled(name)) proxies.push(await run(folder, v1.port));
      else console.error(`  skipped ${name}: not installed (apt-get install nginx-light haproxy)`);
    }
    const fast = new Map<string, Measured[]>();
    const paced = new Map<string, Measured[]>();
    for (const results of [fast, paced]) {
      for (let round = 0; round < rounds; round++) {
        for (const proxy of proxies) {
          const measured = await measure(proxy, results === paced ? pacedRate : 0);
          results.set(proxy.name, [...(results.get(proxy.name) ?? []), measured]);
        }
      }
    }
    const of = (results: typeof fast, name: string, field: keyof Measured) =>
      median((results.get(name) ?? []).map((measured) => measured[field]));
    const rows: Row[] = [];
    const figures = [
      ["CPU a request, as fast as it goes", fast, "cpu", "us"],
      [`CPU a request at ${pacedRate}/s`, paced, "cpu", "us"],
      [`p99 at ${pacedRate}/s`, paced, "p99", "ms"],
    ] as const;
    for (const [name, results, field, unit] of figures) {
      const value = of(results, "router", field);
      for (const peer of proxies.slice(1)) {
        const ratio = value / of(results, peer.name, field);
        const goal =
          field !== "cpu"
            ? undefined
            : peer.name === "nginx"
              ? "at most 2"
              : peer.name === "http-proxy-3"
                ? "below 1"
                : undefined;
        rows.push({
          name: `router: ${name}`,
          value,
          unit,
          peer: peer.name,
          ratio,
          ...(goal === undefined ? {} : { goal }),
        });
      }
    }
    rows.push({
      name: "router: requests a second, sharing the machine with its load",
      value: of(fast, "router", "perSecond"),
      unit: "/s",
    });
    rows.push({
      name: "router: new weight to the first request by it, p99",
      value: await weightChange(ours),
      unit: "ms",
      goal: "below 10 ms",
    });
    return rows;
  } finally {
    for (const child of children.splice(0)) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
