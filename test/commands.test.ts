// What a person types who has no kubectl, against a whole Sluice.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { program, RunningSluice } from "./fixtures/sluice.ts";

const sleeper = (name: string, app: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app } },
  spec: {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "main", image: "sluice.dev/host:none", command: ["true"] }],
  },
});
const configMap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels: { app: "one" } },
});

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.start();
}, 60_000);
afterAll(() => sluice?.stop(), 60_000);

test("get: several kinds say which row is what; who owns which field is left out", async () => {
  await sluice.apply(sleeper("first", "one"), configMap("first"));

  const table = await sluice.ok("get", "pods,configmaps");
  expect(table).toMatch(/^pod\/first /m);
  expect(table).toMatch(/^configmap\/first /m);
  expect(await sluice.ok("get", "configmaps")).toMatch(/^first /m);
  expect(await sluice.ok("get", "configmap", "first", "-o", "yaml")).not.toContain("managedFields");
});

test("get -w shows what the selector selects, and nothing else", async () => {
  const args = [program, "get", "configmaps", "-l", "app=one", "-w", "-o", "name"];
  const watching = spawn(process.execPath, args, { cwd: sluice.folder, env: { ...process.env, NO_COLOR: "1" } });
  let seen = "";
  const said = (text: string) =>
    new Promise<void>((resolve) => {
      watching.stdout.on("data", (piece) => {
        seen += piece;
        if (seen.includes(text)) resolve();
      });
    });
  const begun = said("configmap/");
  await sluice.apply(configMap("zero"));
  await begun;

  await sluice.apply({ ...configMap("other"), metadata: { name: "other", labels: { app: "two" } } });
  const last = said("configmap/last");
  await sluice.apply(configMap("last"));
  await last;
  watching.kill();
  await once(watching, "exit");

  expect(seen).not.toContain("configmap/other");
}, 30_000);

test("events of each Pod come in the order in which they happened", async () => {
  const names = ["a", "b", "c", "d", "e", "f"].map((letter) => `ordered-${letter}`);
  await sluice.apply(...names.map((name) => sleeper(name, "one")));

  type Told = { readonly reason: string; readonly involvedObject: { readonly name: string } };
  const reasonsOf = async () => {
    const events = await sluice.json<readonly Told[]>("events");
    return names.map((name) =>
      events.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason }) => reason),
    );
  };
  await expect.poll(async () => (await reasonsOf()).every((told) => told.length >= 2), { timeout: 15_000 }).toBe(true);

  expect((await reasonsOf()).map((told) => told.slice(0, 2))).toEqual(names.map(() => ["Scheduled", "Failed"]));
}, 30_000);

test("down stops what runs, and a second one says that nothing does", async () => {
  expect(await sluice.ok("down", "--data", sluice.data)).toMatch(/^Stopped: control plane .*, agent and its workloads/);

  expect(await sluice.ok("down", "--data", sluice.data)).toBe(`Nothing runs on ${sluice.data}.\n`);
}, 60_000);
