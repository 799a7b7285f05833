// From git push to the first canary request, from a new weight to the first request by it, from verdict to zero traffic.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Pod, VirtualService } from "@sluice/api";
import { createWireClient, loadKubeconfig, type WireClient } from "@sluice/backends/client";
import { Pool } from "undici";
import { drive } from "../test/fixtures/load.ts";
import { sluice as command, eventually, RunningSluice } from "../test/fixtures/sluice.ts";
import { buildWebApp, webRollout, webRoutes, webService } from "../test/fixtures/web-app.ts";
import type { Row } from "./row.ts";

const execute = promisify(execFile);
const host = "web.default.localhost";

export async function bench(): Promise<Row[]> {
  const running = await RunningSluice.start();
  try {
    await buildWebApp(running, "web:v1");
    const client = createWireClient(await loadKubeconfig(join(running.data, "kubeconfig")));
    const pushes = await measurePushes(running, client);
    const weights = await measureWeights(running, client);
    await client.close();
    return [...pushes, ...weights, ...(await measureVerdict())];
  } finally {
    await running.stop();
  }
}

/** Commits to a repository that an Application watches; each commit is a release with one short canary step. */
async function measurePushes(running: RunningSluice, client: WireClient): Promise<Row[]> {
  const repository = join(running.folder, "repository");
  mkdirSync(join(repository, "manifests"), { recursive: true });
  const git = (...args: string[]) =>
    execute("git", ["-c", "user.name=bench", "-c", "user.email=bench@example.com", ...args], { cwd: repository });
  const write = (version: string) => {
    const items = [webService, ...webRoutes, webRollout(version, [{ setWeight: 50 }, { pause: { duration: "1s" } }])];
    writeFileSync(join(repository, "manifests", "all.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  };
  await git("init", "--quiet", "--initial-branch=main", ".");
  write("r0");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "r0");
  await running.apply({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "web", namespace: "argocd" },
    spec: {
      project: "default",
      source: { repoURL: repository, targetRevision: "main", path: "manifests" },
      destination: { server: "https://kubernetes.default.svc", namespace: "default" },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  });
  await released(client, "r0");
  const { routerPort } = await running.controlPlane();
  const load = drive(routerPort, host, 300);
  const totals: number[] = [];
  const own: number[] = [];
  for (let round = 1; round <= 5; round++) {
    const version = `r${round}`;
    const moments = watchPod(client, version);
    write(version);
    const pushed = performance.now();
    await git("commit", "--quiet", "--all", "--message", version);
    await eventually(async () => (load.tally.byVersion.get(version) ?? 0) > 0, `${version} to answer`);
    const first = performance.now();
    const { started, ready } = await moments;
    totals.push(first - pushed);
    // What the program itself needs, to start and to be found ready, isn't Sluice's.
    own.push(started - pushed + Math.max(0, first - ready));
    await released(client, version);
  }
  const { failed } = await load.stop();
  return [
    { name: "commit to the first canary request (median of 5)", value: median(totals), unit: "ms", goal: "< 2000 ms" },
    {
      name: "of that Sluice's own part (median)",
      value: median(own),
      unit: "ms",
      goal: "< 300 ms",
      peer: "the whole",
      ratio: median(own) / median(totals),
    },
    { name: "failed requests in five releases", value: failed.length, unit: "", goal: "0" },
  ];
}

/** When the new version's first process began, and when it was ready, as the API tells them. */
async function watchPod(client: WireClient, version: string): Promise<{ started: number; ready: number }> {
  const watch = client.watch<Pod>(
    { apiVersion: "v1", kind: "Pod" },
    { namespace: "default", labelSelector: `version=${version}` },
  );
  let started = 0;
  for await (const event of watch) {
    if (event.type === "BOOKMARK") continue;
    const { status } = event.object;
    if (started === 0 && status?.containerStatuses?.some(({ state }) => state?.running !== undefined))
      started = performance.now();
    if (status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True")) {
      watch.stop();
      return { started, ready: performance.now() };
    }
  }
  throw new Error("the pod never came");
}

async function released(client: WireClient, version: string): Promise<void> {
  await eventually(
    async () => {
      const rollout = await client.get<import("@sluice/api").Rollout>({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        namespace: "default",
        name: "web",
      });
      return (
        rollout?.spec.template?.metadata?.labels?.version === version &&
        rollout.status?.phase === "Healthy" &&
        rollout.status.stableRS === rollout.status.currentPodHash
      );
    },
    `${version} to be released`,
    60_000,
  );
}

/** Two versions behind one route; the weight jumps from one to the other. */
async function measureWeights(running: RunningSluice, client: WireClient): Promise<Row[]> {
  const app = (name: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `ab-${name}`, namespace: "default", labels: { app: "ab", side: name } },
    spec: {
      containers: [
        {
          name: "web",
          image: "web:v1",
          env: [{ name: "VERSION", value: name }],
          ports: [{ containerPort: 8080 }],
          readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
        },
      ],
    },
  });
  const route = (a: number) => [
    {
      name: "primary",
      route: [
        { destination: { host: "ab", subset: "a" }, weight: a },
        { destination: { host: "ab", subset: "b" }, weight: 100 - a },
      ],
    },
  ];
  const virtualService = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "ab", namespace: "default" },
    spec: { hosts: ["ab"], http: route(100) },
  };
  const subsets = ["a", "b"].map((side) => ({ name: side, labels: { side } }));
  await running.apply(
    app("a"),
    app("b"),
    {
      ...webService,
      metadata: { name: "ab", namespace: "default" },
      spec: { ...webService.spec, selector: { app: "ab" }, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "ab", namespace: "default" },
      spec: { host: "ab", subsets },
    },
    virtualService,
  );
  const { routerPort } = await running.controlPlane();
  const pool = new Pool(`http://127.0.0.1:${routerPort}`);
  const ask = async () => {
    const { headers, body } = await pool.request({
      path: "/",
      method: "GET",
      headers: { host: "ab.default.localhost" },
    });
    await body.dump();
    return headers["x-version"];
  };
  await eventually(async () => (await ask()) === "a", "a to answer");
  const delays: number[] = [];
  for (let round = 0; round < 100; round++) {
    const to = round % 2 === 0 ? "b" : "a";
    const key = { apiVersion: "networking.istio.io/v1", kind: "VirtualService", namespace: "default", name: "ab" };
    await client.patch<VirtualService>(key, { type: "merge", value: { spec: { http: route(to === "a" ? 100 : 0) } } });
    const written = performance.now();
    while ((await ask()) !== to);
    delays.push(performance.now() - written);
  }
  const echo: number[] = [];
  for (let round = 0; round < 100; round++) {
    const began = performance.now();
    await ask();
    echo.push(performance.now() - began);
  }
  await pool.close();
  return [
    {
      name: "weight written to the first request by it, p99 of 100",
      value: quantile(delays, 0.99),
      unit: "ms",
      goal: "< 10 ms",
      peer: "p99 of a request",
      ratio: quantile(delays, 0.99) / quantile(echo, 0.99),
    },
    {
      name: "the same, median",
      value: median(delays),
      unit: "ms",
      peer: "median request",
      ratio: median(delays) / median(echo),
    },
  ];
}

/** The demo's own figures: a failing release under 400 requests a second. */
async function measureVerdict(): Promise<Row[]> {
  const { stdout, stderr } = await command(["demo", "--fast", "--json", "--exit"], { timeout: 280_000 });
  const summary = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as {
    verdictToZeroMs?: number;
    badToVerdictMs?: number;
    pushToFirstCanaryMs?: number;
  };
  if (summary.verdictToZeroMs === undefined) throw new Error(`the demo failed: ${stderr}${stdout}`);
  return [
    {
      name: "shop: git push to the first canary request",
      value: summary.pushToFirstCanaryMs ?? 0,
      unit: "ms",
      goal: "< 2000 ms",
    },
    { name: "shop: first bad response to verdict", value: summary.badToVerdictMs ?? 0, unit: "ms" },
    {
      name: "shop: verdict to the last bad response at a client",
      value: summary.verdictToZeroMs,
      unit: "ms",
      goal: "< 100 ms",
    },
  ];
}

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;
const median = (values: readonly number[]): number => quantile(values, 0.5);
