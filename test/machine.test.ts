// What the machine itself does to Sluice: its disk is full, its clock is set. Each to a Sluice of its own.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type RolloutStatus, readiness, release } from "./fixtures/canary.ts";
import { drive, visit } from "./fixtures/load.ts";
import { eventually, RunningSluice } from "./fixtures/sluice.ts";
import { buildWebApp, webDeployment, webService } from "./fixtures/web-app.ts";

const host = "web.default.localhost";

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
