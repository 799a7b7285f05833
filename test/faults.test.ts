// What goes wrong around one machine's Sluice, made to happen to the whole program: it stays up, says what is wrong in
// the place where one looks, and recovers without a hand.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScratchRepository } from "@sluice/sources/testing";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { httpServer, residentMegabytes, silentServer } from "./fixtures/hostile.ts";
import { drive, visit } from "./fixtures/load.ts";
import { eventually, RunningSluice } from "./fixtures/sluice.ts";
import { buildWebApp, webDeployment, webService } from "./fixtures/web-app.ts";

const host = "web.default.localhost";
const secretValue = "S3cr3t-of-the-pod-0123456789";
const repositoryPassword = "S3cr3t-of-the-repository-0123456789";
const providerToken = "S3cr3t-of-the-provider-0123456789";
let sluice: RunningSluice;

beforeAll(async () => {
  sluice = await RunningSluice.start();
  await buildWebApp(sluice, "web:v1");
  await sluice.apply(
    { apiVersion: "v1", kind: "Secret", metadata: { name: "web" }, stringData: { password: secretValue } },
    webDeployment("v1", "web:v1", 2),
    webService,
    release("crash", { version: "1" }),
    release("never", { version: "1" }),
    release("judged", { version: "1" }),
  );
  await eventually(async () => (await visit((await sluice.controlPlane()).routerPort, host)).status === 200, "web");
  for (const name of ["crash", "never", "judged"]) await eventually(() => isHealthy(name), `${name} to be healthy`);
  // They take their time; what comes of them is looked at further down.
  await sluice.apply(
    release("crash", { version: "2", env: [{ name: "CRASH", value: "1" }] }),
    release("never", { version: "2", path: "/never", progressDeadlineSeconds: 8 }),
  );
}, 120_000);

afterAll(() => sluice?.stop(), 150_000);

interface RolloutStatus {
  readonly phase?: string;
  readonly message?: string;
  readonly abort?: boolean;
  readonly currentPodHash?: string;
  readonly stableRS?: string;
  readonly conditions?: readonly { readonly type: string; readonly reason?: string; readonly message?: string }[];
}

/** A canary by replica counts, so that nothing but the workload decides. */
function release(
  name: string,
  options: {
    version: string;
    env?: readonly object[];
    path?: string;
    progressDeadlineSeconds?: number;
    steps?: readonly object[];
  },
) {
  const { version, env = [], path = "/", progressDeadlineSeconds, steps } = options;
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name },
    spec: {
      replicas: 2,
      ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: "web",
              image: "web:v1",
              env: [
                { name: "VERSION", value: version },
                { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "web", key: "password" } } },
                ...env,
              ],
              ports: [{ name: "http", containerPort: 8080 }],
              readinessProbe: { httpGet: { path, port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      },
      strategy: { canary: { steps: steps ?? [{ setWeight: 50 }, { pause: { duration: "1s" } }] } },
    },
  };
}

const application = (name: string, repoURL: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name, namespace: "argocd" },
  spec: {
    project: "default",
    source: { repoURL, path: "app", targetRevision: "main" },
    destination: { server: "https://kubernetes.default.svc", namespace: "default" },
    syncPolicy: { automated: { selfHeal: true } },
  },
});

const statusOf = async (name: string): Promise<RolloutStatus> =>
  (await sluice.json<{ rollout: { status?: RolloutStatus } }>("rollout", "get", name)).rollout.status ?? {};

async function isHealthy(name: string): Promise<boolean> {
  const status = await statusOf(name);
  return status.phase === "Healthy" && status.stableRS === status.currentPodHash;
}

const readiness = async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { status: response.status, text: await response.text() };
};

// These two mostly wait, so they do it together.
test.concurrent("a hung git remote delays no other Application, and says so", async ({ onTestFinished }) => {
  const remote = await silentServer();
  const repository = new ScratchRepository();
  onTestFinished(() => {
    remote.close();
    repository.remove();
  });
  const map = (value: string) =>
    JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "from-git" }, data: { value } });
  repository.push({ "app/map.json": map("1") });
  const url = `http://127.0.0.1:${remote.port}/hung.git`;
  const value = async () =>
    (await sluice.json<{ data: Record<string, string> }>("get", "configmap", "from-git")).data.value;

  await sluice.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "hung",
        namespace: "argocd",
        labels: { "argocd.argoproj.io/secret-type": "repository" },
      },
      stringData: { type: "git", url, username: "robot", password: repositoryPassword },
    },
    ...Array.from({ length: 8 }, (_, index) => application(`hung-${index}`, url)),
  );
  await eventually(async () => remote.calls > 0, "git to ask the remote that hangs");
  await sluice.apply(application("well", repository.url));
  await eventually(async () => (await value()) === "1", "the first sync beside the remote that hangs", 5_000);
  repository.push({ "app/map.json": map("2") });
  const pushedAt = Date.now();
  await eventually(async () => (await value()) === "2", "the push to be synced beside it", 5_000);
  const tookMillis = Date.now() - pushedAt;
  const condition = await eventually(
    async () => {
      const { status } = await sluice.json<{ status?: RolloutStatus }>("get", "application", "hung-0", "-n", "argocd");
      return status?.conditions?.find(({ type }) => type === "ComparisonError");
    },
    "the Application to say what is wrong",
    60_000,
  );

  console.log(`a push beside a hung remote was synced after ${tookMillis} ms; the hung one says: ${condition.message}`);
  expect(condition.message).toMatch(/no result within \d+ s|doesn't answer in time/);
  expect(condition.message).not.toContain(repositoryPassword);
}, 120_000);

test.concurrent("a Prometheus that fails: the AnalysisRun ends in Error and says why, no secret in it, and an abort needn't wait", async ({
  onTestFinished,
}) => {
  const garbage = await httpServer((_, response) => response.end("<html>welcome</html>"));
  const broken = await httpServer((_, response) => response.writeHead(500).end(`no: ${providerToken}`));
  const hung = await silentServer();
  onTestFinished(() => {
    for (const server of [garbage, broken, hung]) server.close();
  });
  const header = { key: "Authorization", value: "Bearer {{args.token}}" };
  const template = (name: string, port: number, timeout?: number) => ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name },
    spec: {
      args: [{ name: "token", valueFrom: { secretKeyRef: { name: "provider", key: "token" } } }],
      metrics: [
        {
          name: "rate",
          interval: "1s",
          count: 10,
          consecutiveErrorLimit: 1,
          successCondition: "result[0] > 0",
          provider: {
            prometheus: {
              address: `http://127.0.0.1:${port}`,
              query: "up",
              headers: [header],
              ...(timeout === undefined ? {} : { timeout }),
            },
          },
        },
      ],
    },
  });
  const run = (name: string, from: ReturnType<typeof template>) => ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name },
    spec: from.spec,
  });
  await sluice.apply(
    { apiVersion: "v1", kind: "Secret", metadata: { name: "provider" }, stringData: { token: providerToken } },
    run("garbage", template("garbage", garbage.port)),
    run("broken", template("broken", broken.port)),
    run("hung", template("hung", hung.port, 1)),
    template("waits-long", hung.port, 600),
  );

  const ends = await Promise.all(
    ["garbage", "broken", "hung"].map((name) =>
      eventually(async () => {
        const { status } = await sluice.json<{ status?: { phase?: string; message?: string } }>(
          "get",
          "analysisrun",
          name,
        );
        return status?.phase === "Error" ? status : undefined;
      }, `${name} to end in Error`),
    ),
  );
  const [ofGarbage, ofBroken, ofHung] = ends.map((status) => JSON.stringify(status));
  console.log(ends.map(({ message }) => message).join("\n"));
  expect(ofGarbage).toContain("garbage");
  expect(ofBroken).toContain("500");
  expect(ofHung).toContain("no answer within 1 s");
  expect(ends.map((status) => JSON.stringify(status)).join()).not.toContain(providerToken);

  const askedBefore = hung.calls;
  await sluice.apply(
    release("judged", {
      version: "2",
      steps: [{ setWeight: 50 }, { analysis: { templates: [{ templateName: "waits-long" }] } }],
    }),
  );
  await eventually(async () => hung.calls > askedBefore, "the query that never ends");
  const abortedAt = Date.now();
  await sluice.ok("rollout", "abort", "judged");
  await eventually(async () => (await statusOf("judged")).phase === "Degraded", "the abort", 5_000);
  console.log(`an abort beside a hung query took ${Date.now() - abortedAt} ms, two commands included`);
}, 90_000);

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
  writeFileSync(manifest, `a: &a [${"x, ".repeat(10)}]\n${nested()}`);
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

/** A billion laughs. */
function nested(): string {
  const letters = "abcdefghij".split("");
  return letters
    .slice(1)
    .map((letter, index) => `${letter}: &${letter} [${Array(10).fill(`*${letters[index]}`).join(", ")}]`)
    .join("\n");
}

test("a canary that is never ready is taken back at progressDeadlineSeconds", async () => {
  const status = await eventually(async () => {
    const seen = await statusOf("never");
    return seen.abort === true ? seen : undefined;
  }, "the abort");

  console.log(status.message);
  expect(status.message).toMatch(/progress|ready/i);
  expect(status.stableRS).not.toBe(status.currentPodHash);
}, 60_000);

test("a canary that crashes is taken back after 3 restarts and quarantined, until a person lifts it", async () => {
  const status = await eventually(
    async () => {
      const seen = await statusOf("crash");
      return seen.abort === true ? seen : undefined;
    },
    "the abort",
    90_000,
  );
  const retried = await sluice.run(["rollout", "retry", "crash"]);
  const quarantines = await sluice.json<
    { metadata: { name: string }; spec: { reason: string; workload: { name: string } } }[]
  >("quarantine", "list");
  const quarantine = quarantines.find(({ spec }) => spec.workload.name === "crash");

  console.log([status.message, retried.stderr.trim(), await sluice.ok("why", "crash")].join("\n"));
  expect(status.message).toMatch(/3 (restarts|times)|restarted 3/);
  expect(quarantine?.spec.reason).toMatch(/restart/);
  expect(retried.code).toBe(1);
  expect(retried.stderr).toContain(`sluice quarantine lift ${quarantine?.metadata.name}`);

  const lifted = await sluice.ok("quarantine", "lift", quarantine?.metadata.name ?? "");
  await eventually(
    async () => (await sluice.run(["rollout", "retry", "crash"])).code === 0,
    "a retry to be let go",
    10_000,
  );

  expect(lifted).toContain("sluice rollout retry crash");
  await eventually(async () => (await sluice.ok("why", "crash")).includes("asked for it again"), "it to begin again");
}, 120_000);

test("the store's disk is full: it says so, traffic goes on, and it recovers when there is room", async ({ skip }) => {
  const disk = smallDisk(48);
  if (disk === undefined) return skip("this user may not mount a small disk");
  const small = await RunningSluice.start(join(disk, "project"));
  onTestFinished(() => small.stop());
  await buildWebApp(small, "web:v1");
  await small.apply(webDeployment("v1", "web:v1", 1), webService);
  const { port, routerPort } = await small.controlPlane();
  await eventually(async () => (await visit(routerPort, host)).status === 200, "web");
  const load = drive(routerPort, host, 50);

  const filler = join(disk, "filler");
  fill(filler);
  const refused = await eventually(async () => {
    const { code, stderr } = await small.run(["apply", "-f", manifestOf(disk, "x".repeat(400_000))]);
    return code === 0 ? undefined : stderr;
  }, "a write to be refused");
  const full = await eventually(async () => {
    const said = await readiness(port);
    return said.status === 503 ? said.text : undefined;
  }, "/readyz to say so");
  const servedWhileFull = (await visit(routerPort, host)).status;
  rmSync(filler);
  await eventually(async () => (await readiness(port)).status === 200, "it to recover by itself", 20_000);
  await small.ok("apply", "-f", manifestOf(disk, "small"));
  const tally = await load.stop();

  console.log(`${refused.trim()}\n${full.trim()}`);
  expect(refused).toMatch(/read-only.*disk is full/);
  expect(full).toMatch(/takes no writes.*disk is full/);
  expect(servedWhileFull).toBe(200);
  expect(tally.failed).toEqual([]);
}, 90_000);

function manifestOf(folder: string, text: string): string {
  // Not on the full disk.
  const path = join(mkdtempSync(join(tmpdir(), "sluice-manifest-")), "map.json");
  onTestFinished(() => rmSync(join(path, ".."), { recursive: true, force: true }));
  writeFileSync(
    path,
    JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "map" }, data: { text, folder } }),
  );
  return path;
}

/** A disk of its own, small; undefined where this user may not mount one. */
function smallDisk(megabytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "sluice-disk-"));
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "sluice-test", folder], { stdio: "ignore" });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function fill(path: string): void {
  for (let size = 1024 * 1024; size >= 1024; size /= 2) {
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(size), { flag: "a" });
      } catch {
        break;
      }
    }
  }
}

test("the machine's clock is set back and forward: releases and metrics go on, and nobody is blamed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-clock-"));
  const offset = join(folder, "offset");
  const setClock = (hours: number) => writeFileSync(offset, String(hours * 3_600_000));
  setClock(0);
  const timed = await RunningSluice.start(folder, {
    STEPPED_CLOCK: offset,
    NODE_OPTIONS: `--import=${join(import.meta.dirname, "fixtures", "stepped-clock.mjs")}`,
  });
  onTestFinished(() => timed.stop());
  await buildWebApp(timed, "web:v1");
  const steps = [{ setWeight: 50 }, { pause: { duration: "3s" } }];
  const next = (version: string) => {
    const { spec, ...rest } = release("web", { version, steps });
    const [container] = spec.template.spec.containers;
    const containers = [{ ...container, env: [{ name: "VERSION", value: version }] }];
    return { ...rest, spec: { ...spec, template: { ...spec.template, spec: { containers } } } };
  };
  const rollout = async () =>
    (await timed.json<{ rollout: { status?: RolloutStatus } }>("rollout", "get", "web")).rollout.status ?? {};
  const isDone = async (version: string) => {
    const { phase, stableRS, currentPodHash } = await rollout();
    if (phase !== "Healthy" || stableRS !== currentPodHash) return false;
    return (await visit(routerPort, host)).version === version;
  };
  const { port, routerPort } = await timed.controlPlane();
  const { queryToken = "" } = await timed.credentials();
  await timed.apply(next("1"), webService);
  await eventually(() => isDone("1"), "version 1");
  const load = drive(routerPort, host, 50);
  const rate = async () => {
    const query = encodeURIComponent("sum(rate(http_requests_total[5s]))");
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${query}`, {
      headers: { authorization: `Bearer ${queryToken}` },
    });
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? 0);
  };
  const isPaused = async () => (await rollout()).phase === "Paused";

  await timed.apply(next("2"));
  await eventually(isPaused, "version 2 to pause");
  setClock(-2);
  await eventually(() => isDone("2"), "version 2 after two hours back", 20_000);
  await new Promise((resolve) => setTimeout(resolve, 6_000)); // the range of the query
  const rateAfterBack = await rate();

  await timed.apply(next("3"));
  setClock(24);
  await eventually(() => isDone("3"), "version 3 after a day forward", 20_000);
  const tally = await load.stop();
  const quarantines = await timed.json<object[]>("quarantine", "list");

  expect(rateAfterBack).toBeGreaterThan(10);
  expect(tally.failed).toEqual([]);
  expect(quarantines).toEqual([]);
}, 120_000);

test("no secret stands in any log, Event or decision", async () => {
  const secrets = { ...(await sluice.credentials()), secretValue, repositoryPassword, providerToken };
  const told = [
    ...filesUnder(join(sluice.data, "logs")).map((path) => ({ path, text: readFileSync(path, "utf8") })),
    { path: "events", text: await sluice.ok("events", "-A", "--json") },
    { path: "decisions", text: await sluice.ok("get", "decisions", "-A", "-o", "json") },
    { path: "analysis runs", text: await sluice.ok("get", "analysisruns", "-A", "-o", "json") },
    { path: "applications", text: await sluice.ok("get", "applications", "-A", "-o", "json") },
    { path: "pods", text: await sluice.ok("get", "pods", "-A", "-o", "json") },
  ];

  const found = told.flatMap(({ path, text }) =>
    Object.entries(secrets).flatMap(([name, value]) => (text.includes(value) ? [`${name} in ${path}`] : [])),
  );
  expect(told.length).toBeGreaterThan(5);
  expect(told.filter(({ text }) => text.includes("/login?key="))).toEqual([]);
  expect(found).toEqual([]);
  // Only this user can read what lies there.
  expect(statSync(sluice.data).mode & 0o077).toBe(0);
}, 60_000);

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
