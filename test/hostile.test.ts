// Whoever asks Sluice too much, or what nobody should: each is answered, and nothing falls.
import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { application, readiness } from "./fixtures/canary.ts";
import { billionLaughs, httpServer, residentMegabytes } from "./fixtures/hostile.ts";
import { visit } from "./fixtures/load.ts";
import { eventually, RunningSluice } from "./fixtures/sluice.ts";
import { leaked, toldBy } from "./fixtures/told.ts";
import { buildWebApp, webDeployment, webService } from "./fixtures/web-app.ts";

const host = "web.default.localhost";
let sluice: RunningSluice;

beforeAll(async () => {
  sluice = await RunningSluice.start();
  await buildWebApp(sluice, "web:v1");
  await sluice.apply(webDeployment("v1", "web:v1", 2), webService);
  await eventually(async () => (await visit((await sluice.controlPlane()).routerPort, host)).status === 200, "web");
}, 120_000);

afterAll(() => sluice?.stop(), 150_000);

test("a webhook storm is answered in bounded memory, its unsigned part with 401, its signed part as few syncs", async () => {
  const { port, pid } = await sluice.controlPlane();
  const { hookSecret = "" } = await sluice.credentials();
  const forge = await httpServer((_, response) => response.writeHead(404).end());
  onTestFinished(() => forge.close());
  const clone_url = `http://127.0.0.1:${forge.port}/shop/config.git`;
  await sluice.apply(application("hooked", clone_url));
  await eventually(async () => forge.calls > 0, "the repository to be asked");
  const body = JSON.stringify({
    ref: "refs/heads/main",
    repository: { clone_url },
    padding: "x".repeat(20_000),
  });
  const signature = `sha256=${createHmac("sha256", hookSecret).update(body).digest("hex")}`;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  onTestFinished(() => agent.destroy());
  const push = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve) => {
      const asked = httpRequest(
        { port, host: "127.0.0.1", path: "/hooks/git", method: "POST", agent, headers },
        (response) => response.resume().on("end", () => resolve(response.statusCode ?? 0)),
      );
      asked.on("error", () => resolve(0));
      asked.end(body);
    });
  const event = { "x-github-event": "push", "content-type": "application/json" };
  const before = residentMegabytes(pid);
  let highest = before;
  const watching = setInterval(() => {
    highest = Math.max(highest, residentMegabytes(pid));
  }, 50);

  const startedAt = Date.now();
  const callsBefore = forge.calls;
  const answers = new Map<string, number>();
  await Promise.all(
    Array.from({ length: 4_000 }, async (_, index) => {
      const isSigned = index % 2 === 0;
      const signed = isSigned ? signature : `sha256=${"0".repeat(64)}`;
      const key = `${isSigned ? "signed" : "unsigned"} ${await push({ ...event, "x-hub-signature-256": signed })}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
    }),
  );
  clearInterval(watching);
  const calls = forge.calls - callsBefore;

  console.log(
    `4,000 hooks in ${Date.now() - startedAt} ms:`,
    Object.fromEntries(answers),
    `${calls} requests to the forge, ${before.toFixed(0)} -> ${highest.toFixed(0)} MB`,
  );
  expect(calls).toBeLessThan(100);
  // 429 is an answer, too: the forge sends it again.
  expect([...answers.keys()].filter((key) => !/^(signed (202|429)|unsigned (401|429))$/.test(key))).toEqual([]);
  expect(answers.get("signed 202")).toBeGreaterThan(0);
  expect(answers.get("unsigned 401")).toBeGreaterThan(0);
  if (!Number.isNaN(highest)) expect(highest - before).toBeLessThan(150);
  expect((await readiness(port)).status).toBe(200);
}, 60_000);

test("1,000 watchers that never read cost little, and hold nobody up", async () => {
  const { apiPort, pid } = await sluice.controlPlane();
  const { adminToken = "" } = await sluice.credentials();
  const agent = new Agent();
  const before = residentMegabytes(pid);
  const watchers: { destroy(): void }[] = [];
  onTestFinished(() => {
    for (const watcher of watchers) watcher.destroy();
    agent.destroy();
  });
  const watch = () =>
    new Promise<void>((resolve, reject) => {
      const asked = httpsRequest(
        {
          host: "127.0.0.1",
          port: apiPort,
          path: "/api/v1/namespaces/default/configmaps?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
          headers: { authorization: `Bearer ${adminToken}` },
          rejectUnauthorized: false,
          agent: false,
        },
        (response) => {
          response.pause();
          resolve();
        },
      );
      asked.on("error", reject);
      asked.end();
      watchers.push(asked);
    });
  for (let started = 0; started < 1_000; started += 50) await Promise.all(Array.from({ length: 50 }, watch));
  const connected = residentMegabytes(pid);

  const startedAt = Date.now();
  for (let round = 0; round < 10; round++) {
    await sluice.apply(
      ...Array.from({ length: 10 }, (_, index) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `loud-${index}` },
        data: { round: String(round), text: `${round}`.repeat(50_000) },
      })),
    );
  }
  const tookMillis = Date.now() - startedAt;
  const after = residentMegabytes(pid);

  console.log(
    `1,000 watchers: ${before.toFixed(0)} MB, connected ${connected.toFixed(0)} MB, after 5 MB of events to each ${after.toFixed(0)} MB; 100 writes in ${tookMillis} ms`,
  );
  // 5 GB would wait if events were kept for each.
  if (!Number.isNaN(after)) expect(after - connected).toBeLessThan(300);
  expect((await visit((await sluice.controlPlane()).routerPort, host)).status).toBe(200);
}, 120_000);

test("hostile requests on every listener are refused, and nothing falls", async () => {
  const record = await sluice.controlPlane();
  const { adminToken = "" } = await sluice.credentials();
  const before = residentMegabytes(record.pid);
  const ask = (options: {
    port: number;
    tls?: boolean;
    path: string;
    method?: string;
    headers?: Record<string, string>;
    megabytes?: number;
  }): Promise<number> =>
    new Promise((resolve) => {
      const { port, tls = false, path, method = "GET", headers = {}, megabytes } = options;
      const send = tls ? httpsRequest : httpRequest;
      const asked = send(
        { host: "127.0.0.1", port, path, method, headers, rejectUnauthorized: false, agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
          response.on("end", () => asked.destroy());
        },
      );
      asked.on("error", () => resolve(0));
      if (megabytes === undefined) return void asked.end();
      const chunk = Buffer.alloc(1024 * 1024, "x");
      let sent = 0;
      const pump = () => {
        while (sent < megabytes && !asked.destroyed) {
          sent++;
          if (!asked.write(chunk)) return void asked.once("drain", pump);
        }
        asked.end();
      };
      pump();
    });
  const bearer = { authorization: `Bearer ${adminToken}` };
  const api = { port: record.apiPort, tls: true };
  const json = { "content-type": "application/json" };

  const maps = "/api/v1/namespaces/default/configmaps";

  expect(await ask({ ...api, path: maps })).toBe(401);
  expect(await ask({ ...api, path: maps, headers: { ...bearer, host: "evil.example" } })).toBe(403);
  expect(await ask({ ...api, path: maps, headers: { ...bearer, origin: "https://evil.example" } })).toBe(403);
  // 0: the connection was ended while the body was still being sent.
  const large = { method: "POST", megabytes: 100 };
  expect([413, 0]).toContain(await ask({ ...api, ...large, path: maps, headers: { ...bearer, ...json } }));
  expect([401, 413, 0]).toContain(await ask({ ...api, ...large, path: maps, headers: json }));
  expect(await ask({ port: record.port, path: "/", headers: { host: "evil.example" } })).toBe(403);
  expect(await ask({ port: record.port, path: "/", headers: { origin: "https://evil.example" } })).toBe(403);
  expect(await ask({ port: record.port, path: "/v2/_catalog" })).toBe(401);
  expect(await ask({ port: record.port, path: "/api/v1/query?query=up" })).toBe(401);
  const event = { ...json, "x-github-event": "push" };
  expect([413, 401, 0]).toContain(await ask({ port: record.port, ...large, path: "/hooks/git", headers: event }));
  for (const path of ["/", "/api/v1/query", "/console/link", "/v2/x/blobs/uploads/"]) {
    const status = await ask({ port: record.port, ...large, path });
    expect(status === 0 || status >= 400, `${path}: ${status}`).toBe(true);
  }
  const after = residentMegabytes(record.pid);
  if (!Number.isNaN(after)) expect(after - before).toBeLessThan(150);

  const manifest = join(sluice.folder, "bad.yaml");
  writeFileSync(manifest, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [unclosed\n");
  const malformed = await sluice.run(["apply", "-f", manifest]);
  writeFileSync(manifest, `a: &a [${"x, ".repeat(10)}]\n${billionLaughs()}`);
  const bomb = await sluice.run(["apply", "-f", manifest]);
  writeFileSync(manifest, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: 1}\nsurprise: true\n");
  const surprising = await sluice.run(["apply", "-f", manifest]);

  console.log([malformed, bomb, surprising].map(({ stderr }) => stderr.trim()).join("\n---\n"));
  for (const { code, stderr } of [malformed, bomb, surprising]) {
    expect(code).toBe(2);
    expect(stderr).not.toMatch(/\n\s+at /);
  }
  expect(malformed.stderr).toMatch(/bad\.yaml:\d+/);
  expect(surprising.stderr).toMatch(/data\.a/);
  expect((await readiness(record.port)).status).toBe(200);
  expect((await visit(record.routerPort, host)).status).toBe(200);
}, 60_000);

test("what was sent to it brings no secret into any log, Event or decision", async () => {
  expect(leaked(await toldBy(sluice), await sluice.credentials())).toEqual([]);
}, 60_000);
