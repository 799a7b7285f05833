// What goes wrong around one machine's Sluice, made to happen to the whole program: it stays up, says what is wrong in
// the place where one looks, and recovers without a hand.
import { statSync } from "node:fs";
import { ScratchRepository } from "@sluice/sources/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { application, type RolloutStatus, release } from "./fixtures/canary.ts";
import { httpServer, silentServer } from "./fixtures/hostile.ts";
import { visit } from "./fixtures/load.ts";
import { eventually, RunningSluice } from "./fixtures/sluice.ts";
import { leaked, toldBy } from "./fixtures/told.ts";
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

const statusOf = async (name: string): Promise<RolloutStatus> =>
  (await sluice.json<{ rollout: { status?: RolloutStatus } }>("rollout", "get", name)).rollout.status ?? {};

async function isHealthy(name: string): Promise<boolean> {
  const status = await statusOf(name);
  return status.phase === "Healthy" && status.stableRS === status.currentPodHash;
}

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

test("no secret stands in any log, Event or decision", async () => {
  const told = await toldBy(sluice);

  expect(told.length).toBeGreaterThan(5);
  expect(told.filter(({ text }) => text.includes("/login?key="))).toEqual([]);
  expect(leaked(told, { ...(await sluice.credentials()), secretValue, repositoryPassword, providerToken })).toEqual([]);
  // Only this user can read what lies there.
  expect(statSync(sluice.data).mode & 0o077).toBe(0);
}, 60_000);
