// Blue-green deploys of the example with real processes, under load, and interrupted.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drive, visit } from "./fixtures/load.ts";
import { eventually, program, RunningSluice, repository } from "./fixtures/sluice.ts";

const example = join(repository, "examples", "blue-green");
const host = "frontend-service.default.localhost";
let sluice: RunningSluice;

beforeAll(async () => {
  sluice = await RunningSluice.start();
  const app = join(sluice.folder, "app");
  await cp(join(example, "app"), app, { recursive: true });
  for (const version of ["v1", "v2", "v3", "v4", "v5"]) {
    await writeFile(join(app, "release.txt"), version);
    await build(`frontend:${version}`, app, "server.mjs");
  }
  await build("myregistry/frontend:latest", app, "server.mjs");
  await build("frontend-smoke:v1", join(example, "smoke"), "smoke.mjs");
  await sluice.ok("apply", "-f", join(example, "manifests.yaml"));
  await eventually(async () => (await page()) === "blue v1", "blue to answer");
}, 180_000);

// What runs at the end is let go within its grace, one colour with open connections.
afterAll(() => sluice?.stop(), 180_000);

const build = (tag: string, folder: string, file: string) =>
  sluice.ok("image", "build", folder, "--tag", tag, "--data", sluice.data, "--", "node", file);

const page = async () => (await visit((await sluice.controlPlane()).routerPort, host)).text.trim();

const deploy = (image: string, ...more: readonly string[]) =>
  sluice.run(["bluegreen", "deploy", "--image", image, "--drain", "2s", ...more]);

interface Picture {
  readonly active: string;
  readonly deploy: {
    readonly spec: { readonly image?: string };
    readonly status?: { readonly phase?: string; readonly message?: string; readonly release?: string };
  } | null;
}
const picture = () => sluice.json<Picture>("bluegreen", "status");

const failed = (release: string) =>
  eventually(
    async () => {
      const status = (await picture()).deploy?.status;
      return status?.release === release && status.phase === "Failed";
    },
    `the deploy ${release} to fail`,
    90_000,
  );

const replicas = async (colour: string) =>
  (await sluice.json<{ spec: { replicas: number } }>("get", "deployment", `frontend-${colour}`)).spec.replicas;

test("there and back under load: no request fails", async () => {
  const { routerPort } = await sluice.controlPlane();
  const load = drive(routerPort, host, 200);

  const there = await deploy("frontend:v2", "--smoke-image", "frontend-smoke:v1");
  expect(there).toMatchObject({ code: 0, stderr: "" });
  expect(await page()).toBe("green v2");
  expect([await replicas("blue"), await replicas("green")]).toEqual([0, 3]);
  const back = await sluice.run(["bluegreen", "rollback", "--drain", "2s"]);
  expect(back).toMatchObject({ code: 0, stderr: "" });
  const tally = await load.stop();

  expect(await page()).toBe("blue v1");
  expect(tally.failed).toEqual([]);
  expect(tally.byVersion.get("green")).toBeGreaterThan(0);
  const told = ["blue has the traffic: green gets frontend:v2", "the smoke test of green succeeded", "none failed"];
  for (const text of told) {
    expect(await sluice.ok("why", "bluegreen/frontend-service", "--all")).toContain(text);
  }
}, 150_000);

test("a smoke test that fails leaves the traffic where it was", async () => {
  const { code, stdout } = await deploy(
    "frontend:v3",
    "--smoke-image",
    "frontend-smoke:v1",
    "--smoke-command",
    "exit 4",
  );

  expect(code).toBe(1);
  expect(stdout).toContain("the smoke test failed (BackoffLimitExceeded)");
  expect(await page()).toBe("blue v1");
  expect(await replicas("green")).toBe(0);
}, 90_000);

test("an answer that isn't good after the switch takes it back, and no request fails", async () => {
  const { routerPort } = await sluice.controlPlane();
  const load = drive(routerPort, host, 100);
  await sluice.apply({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "BlueGreenDeployment",
    metadata: { name: "frontend-service", namespace: "default" },
    // What the deploy before asked for stays where another writer says nothing of it: the smoke test too.
    spec: {
      release: "bad",
      image: "frontend:v3",
      smoke: { image: "frontend-smoke:v1", command: ["true"] },
      verification: { path: "/missing" },
    },
  });
  await failed("bad");
  const tally = await load.stop();

  expect((await picture()).deploy?.status?.message).toContain("the switch isn't verified");
  expect(await page()).toBe("blue v1");
  expect(tally.failed).toEqual([]);
}, 120_000);

test("two at once: one is done, the other is refused by name", async () => {
  const both = await Promise.all([deploy("frontend:v3"), deploy("frontend:v4")]);

  const [won, lost] = both[0].code === 0 ? both : [both[1], both[0]];
  expect(won).toMatchObject({ code: 0, stderr: "" });
  expect(lost?.code).not.toBe(0);
  expect(lost?.stderr).toMatch(/deploy \w{8} of frontend:v[34] by .* is under way/);
  expect(await page()).toMatch(/^green v[34]$/);
}, 120_000);

test("kill -9 of the command and of the control plane: it ends right, and may be run again", async () => {
  const { routerPort, pid } = await sluice.controlPlane();
  const load = drive(routerPort, host, 100);
  const args = ["bluegreen", "deploy", "--image", "frontend:v5", "--drain", "2s"];
  const command = spawn(process.execPath, [program, ...args], { cwd: sluice.folder, stdio: "ignore" });

  await eventually(async () => (await picture()).deploy?.spec.image === "frontend:v5", "it to begin");
  command.kill("SIGKILL");
  process.kill(pid, "SIGKILL");
  await sluice.up();
  const again = await deploy("frontend:v5");
  const tally = await load.stop();

  expect(again).toMatchObject({ code: 0, stderr: "" });
  expect(await page()).toMatch(/^(blue|green) v5$/);
  expect([await replicas("blue"), await replicas("green")].sort()).toEqual([0, 3]);
  expect(tally.failed).toEqual([]);
}, 120_000);

test("who is told; the URL stands in no list, and --dry-run changes nothing", async () => {
  const posted: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => posted.push(text) && response.end("ok"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T0/hunter2`;

  const dry = await deploy("frontend:v4", "--dry-run");
  expect(dry.stdout).toContain("frontend-green gets frontend:v4 and 3 Pods");
  expect(await page()).toBe("blue v5");
  const { code, stdout } = await deploy("frontend:v4", "--notify", url);
  server.close();

  expect(code).toBe(0);
  expect(posted.map((text) => JSON.parse(text))).toEqual([
    { text: "Succeeded: default/frontend-service: green serves frontend:v4" },
  ]);
  const lists = await sluice.ok("get", "bluegreendeployments", "-o", "yaml");
  expect([stdout, lists, await sluice.ok("events")].join()).not.toContain("hunter2");
}, 120_000);

const listing = join(repository, "..", "..", "shared", "seed", "blue-green.yaml");
test.skipIf(!existsSync(listing))(
  "the reference listing as it is (skipped where it is missing)",
  async () => {
    const namespace = "listing";
    await sluice.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const copy = join(sluice.folder, "listing.yaml");
    await writeFile(copy, await readFile(listing, "utf8"));
    await sluice.ok("apply", "-f", copy, "--namespace", namespace);

    const { code, stderr } = await sluice.run([
      ...["bluegreen", "deploy", "--image", "frontend:v2", "--namespace", namespace, "--drain", "1s"],
      ...["--smoke-image", "frontend-smoke:v1"],
    ]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { routerPort } = await sluice.controlPlane();
    expect((await visit(routerPort, `frontend-service.${namespace}.localhost`)).text.trim()).toBe("green v2");
  },
  120_000,
);
