import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyOf, type Pod } from "@sluice/api";
import { instant } from "@sluice/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentWorld, containerOf, serverScript } from "./agent-world.fixture.ts";
import { readText } from "./files/atomic.ts";
import { isAlive, parseIdentity } from "./process/identity.ts";
import { prepareRun, readRun, startRun } from "./process/run-folder.ts";
import { shimText } from "./process/shim.ts";
import { forestall } from "./process/signals.ts";
import { systemClock } from "./system-clock.ts";

let world: AgentWorld;
beforeEach(async () => {
  world = await AgentWorld.open();
  world.image("app:v1", { Entrypoint: ["node", "server.js"], WorkingDir: "/app" }, { "app/server.js": serverScript });
});
afterEach(() => world.close());

const mainOf = (uid: string, attempt = 0) =>
  parseIdentity(readText(join(world.stateFolder, `pods/${uid}/containers/main/${attempt}/main`)) ?? "")!;

const ports = [{ containerPort: 8080 }];

test("a successor takes over what runs: the same process, no restart, ready all the while", async () => {
  await world.run("web", { ports, readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } });
  const pod = await world.untilReady("web");
  const main = mainOf(pod.metadata.uid!);

  await world.agent.stop();
  const readiness: boolean[] = [];
  world.agent = world.newAgent();
  world.agent.onEndpointsChanged((states) => readiness.push(...states.map(({ isReady }) => isReady)));
  await world.agent.start();
  await expect.poll(() => world.agent.endpoints().length).toBe(1);

  expect(isAlive(main)).toBe(true);
  expect(mainOf(pod.metadata.uid!)).toEqual(main);
  expect(new Set(readiness)).toEqual(new Set([true]));
  expect(containerOf(await world.pod("web"))).toMatchObject({ ready: true, restartCount: 0 });
});

test("an exit code outlives the agent that wasn't there", async () => {
  await world.run("short", { command: ["sh", "-c", "sleep 0.3; exit 42"] }, { restartPolicy: "Never" });
  const pod = await world.until("short", (each) => containerOf(each)?.state?.running !== undefined);
  const main = mainOf(pod.metadata.uid!);

  await world.agent.stop();
  await expect.poll(() => isAlive(main)).toBe(false);
  world.agent = world.newAgent();
  await world.agent.start();

  const ended = await world.until("short", (each) => each?.status?.phase === "Failed");
  expect(containerOf(ended)?.state?.terminated).toMatchObject({ exitCode: 42, reason: "Error" });
});

test("a Pod that was deleted while no agent lived is stopped by the next", async () => {
  await world.run("gone", {});
  const pod = await world.untilReady("gone");
  const main = mainOf(pod.metadata.uid!);

  await world.agent.stop();
  await world.delete("gone", 0);
  world.agent = world.newAgent();
  await world.agent.start();

  await expect.poll(() => isAlive(main)).toBe(false);
  await expect.poll(() => existsSync(join(world.stateFolder, "pods", pod.metadata.uid!))).toBe(false);
});

test("a second agent on the same folder is refused", async () => {
  await expect(world.newAgent().start()).rejects.toMatchObject({ kind: "conflict", message: /pid \d+/ });
});

test("kill -9 of a Pod's whole group is noticed and mended", async () => {
  await world.run("killed", { ports });
  const pod = await world.untilReady("killed");
  const { uid } = pod.metadata;
  const shim = parseIdentity(readText(join(world.stateFolder, `pods/${uid}/containers/main/0/shim`)) ?? "")!;

  process.kill(-shim.pid, "SIGKILL");
  const restarted = await world.until(
    "killed",
    (each) => containerOf(each)?.restartCount === 1 && containerOf(each)?.ready === true,
  );

  expect(containerOf(restarted)?.lastState?.terminated).toMatchObject({
    exitCode: 137,
    reason: "ContainerStatusUnknown",
  });
});

test("kill -9 of the program alone leaves its code with the shim", async () => {
  await world.run("killed", { ports });
  const pod = await world.untilReady("killed");

  process.kill(mainOf(pod.metadata.uid!).pid, "SIGKILL");
  const restarted = await world.until(
    "killed",
    (each) => containerOf(each)?.restartCount === 1 && containerOf(each)?.ready === true,
  );

  expect(containerOf(restarted)?.lastState?.terminated).toMatchObject({ exitCode: 137, reason: "Error" });
});

test("what ends while a successor looks at its Pod is started again, at whichever instant of the look", async () => {
  const instants = [1, 2, 3];
  const shimOf = ({ metadata }: Pod) =>
    parseIdentity(readText(join(world.stateFolder, `pods/${metadata.uid}/containers/main/0/shim`)) ?? "")!;
  const running = (pod: Pod | undefined) => containerOf(pod)?.state?.running !== undefined;
  for (const at of instants) await world.run(`ends-${at}`, { command: ["sleep", "100"] });
  for (const at of instants) await world.until(`ends-${at}`, running);
  await world.agent.stop();
  let onLook = () => {};
  const now = () => {
    onLook();
    return systemClock.now();
  };
  world.agent = world.newAgent({ clock: { ...systemClock, now } });
  await world.agent.start();

  for (const at of instants) {
    const pod = await world.until(`ends-${at}`, running);
    const shim = shimOf(pod);
    let looks = 0;
    onLook = () => {
      if (++looks !== at) return;
      process.kill(-shim.pid, "SIGKILL");
      while (isAlive(shim)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    };
    await world.client.patch(keyOf(pod), { type: "merge", value: { metadata: { labels: { looked: "at" } } } });

    const again = await world.until(`ends-${at}`, (each) => containerOf(each)?.restartCount === 1 && running(each));

    expect(containerOf(again)?.lastState?.terminated?.exitCode).toBe(137);
  }
});

test("down stops the workloads and keeps the Pods; up starts them again without a back-off", async () => {
  await world.run("web", { ports });
  const pod = await world.untilReady("web");

  await world.agent.shutdown(2);
  expect(isAlive(mainOf(pod.metadata.uid!))).toBe(false);
  world.agent = world.newAgent();
  await world.agent.start();

  const again = await world.until(
    "web",
    (each) => containerOf(each)?.restartCount === 1 && containerOf(each)?.ready === true,
    5000,
  );
  expect(again.metadata.uid).toBe(pod.metadata.uid);
});

test("readiness goes first, then the router drains, then the program is told", async () => {
  const story: string[] = [];
  await world.agent.stop();
  world.agent = world.newAgent({
    router: {
      async drain(uid) {
        story.push(`drain ${world.agent.endpoints().find((state) => state.uid === uid)?.isReady}`);
        await new Promise((resolve) => setTimeout(resolve, 150));
        story.push(`drained, program ${isAlive(mainOf(uid)) ? "alive" : "dead"}`);
      },
    },
  });
  await world.agent.start();
  await world.run("web", {
    ports,
    lifecycle: { preStop: { exec: { command: ["sh", "-c", "echo preStop > $SLUICE_POD_ROOT/../note"] } } },
  });
  const pod = await world.untilReady("web");
  world.agent.onEndpointsChanged((states) =>
    story.push(...states.map(({ isReady, isTerminating }) => `ready ${isReady} terminating ${isTerminating}`)),
  );

  await world.delete("web");
  const terminating = await world.until(
    "web",
    (each) => each?.metadata.deletionTimestamp !== undefined && containerOf(each)?.ready === false,
  );
  await world.until("web", (gone) => gone === undefined);

  expect(terminating.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
    status: "False",
    reason: "Terminating",
  });
  expect([...new Set(story)]).toEqual([
    "ready true terminating false",
    "ready false terminating true",
    "drain false",
    "drained, program alive",
  ]);
  expect(await world.log(pod)).toContain("SIGTERM");
});

test("however many shims are started for a run, one runs it; a forestalled one never does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-shim-"));
  const shim = join(folder, "shim.sh");
  writeFileSync(shim, shimText);
  const prepare = (name: string) => {
    const run = join(folder, name);
    mkdirSync(join(run, "root"), { recursive: true });
    prepareRun(run, {
      record: {
        containerId: name,
        attempt: 0,
        createdAt: instant(Date.now()),
        backoffMillis: 0,
        image: "",
        imageId: "",
        logFile: join(folder, `${name}.log`),
        workingFolder: run,
        cgroups: [],
      },
      launch: { program: "/bin/sh", parameters: ["-c", "echo run; sleep 0.5; exit 7"], workingFolder: run },
      environment: { "odd.name": "it's $HOME", SLUICE_CONTAINER: name },
    });
    return run;
  };
  const once_ = prepare("once");
  const never = prepare("never");

  for (let shims = 0; shims < 10; shims++) startRun(once_, shim, join(folder, "notice"), () => {});
  expect(forestall(never)).toBe(true);
  startRun(never, shim, join(folder, "notice-never"), () => {});
  await expect.poll(() => readRun(once_)?.is).toBe("running");
  expect(forestall(once_)).toBe(false);

  await expect.poll(() => readRun(once_)).toMatchObject({ is: "ended", exitCode: 7 });
  expect(readFileSync(join(folder, "once.log"), "utf8")).toBe("run\n");
  expect(readRun(never)).toMatchObject({ is: "ended", exitCode: undefined });
  await expect.poll(() => existsSync(join(folder, "notice"))).toBe(true);
  rmSync(folder, { recursive: true, force: true });
});

test("a zombie has ended; another process under the same pid is another", async () => {
  const child = spawn("/bin/sh", ["-c", "sleep 0.2 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const zombie = Number(line.toString());
  await expect.poll(() => /\) Z /.test(readText(`/proc/${zombie}/stat`) ?? ""), { timeout: 10_000 }).toBe(true);
  const fields = (readText(`/proc/${zombie}/stat`) ?? "").split(") ")[1]!.split(" ");
  const boot = readText("/proc/sys/kernel/random/boot_id")!.trim();

  expect(isAlive({ pid: zombie, startTime: fields[19]!, bootId: boot })).toBe(false);
  expect(isAlive({ pid: process.pid, startTime: "1", bootId: boot })).toBe(false);
  child.kill();
});
