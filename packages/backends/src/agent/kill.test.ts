import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtInKinds, type Pod } from "@sluice/api";
import { randomInteger, seededRandom } from "@sluice/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type WireWorld, wireWorld } from "../embedded/wire/wire-world.fixture.ts";
import { conditionOf, containerOf, serverScript } from "./agent-world.fixture.ts";

const podKind = { apiVersion: "v1", kind: "Pod" };

let folder: string;
let wire: WireWorld;
let agent: ChildProcess | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-kill-"));
  const image = join(folder, "images/app_v1");
  mkdirSync(join(image, "files"), { recursive: true });
  writeFileSync(join(image, "config.json"), JSON.stringify({ Entrypoint: ["node", "server.js"] }));
  writeFileSync(join(image, "files/server.js"), serverScript);
  wire = await wireWorld(builtInKinds());
});
afterEach(async () => {
  if (agent?.exitCode === null && agent.signalCode === null) {
    const ended = once(agent, "exit");
    agent.kill("SIGINT");
    await ended;
  }
  await wire.close();
  rmSync(folder, { recursive: true, force: true });
});

function startAgent(): ChildProcess {
  agent = fork(fileURLToPath(new URL("./agent-process.fixture.ts", import.meta.url)), [wire.kubeconfig, folder]);
  return agent;
}

async function kill9(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

const create = (name: string, command?: readonly string[]) =>
  wire.client.create<Pod>({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      containers: [
        {
          name: "main",
          image: "app:v1",
          ports: [{ containerPort: 8080 }],
          ...(command === undefined ? {} : { command }),
        },
      ],
      terminationGracePeriodSeconds: 1,
    },
  });

/** Process groups of this test's workloads, by the uid of their Pod. */
function groups(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const root = readFileSync(`/proc/${pid}/environ`, "latin1")
        .split("\0")
        .find((entry) => entry.startsWith("SLUICE_POD_ROOT="));
      const uid = root?.startsWith(`SLUICE_POD_ROOT=${folder}`) ? /pods\/([^/]+)\//.exec(root)?.[1] : undefined;
      if (uid === undefined) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === "Z") continue;
      found.set(uid, (found.get(uid) ?? new Set()).add(group!));
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

test.skipIf(process.platform !== "linux")(
  "kill -9 of the agent at any instant leaves no workload doubled and none lost",
  async () => {
    const random = seededRandom(7);
    const deleted: string[] = [];
    let next = 0;

    for (let life = 0; life < 12; life++) {
      const child = startAgent();
      if (life % 4 !== 0) await once(child, "message");
      await create(`web-${next++}`);
      if (life % 3 === 2) {
        const victim = `web-${next - 3}`;
        await wire.client.delete({ ...podKind, namespace: "default", name: victim });
        deleted.push(victim);
      }
      await wait(randomInteger(random, 150));
      await kill9(child);
      for (const [uid, of] of groups()) expect(of.size, `Pod ${uid} runs twice`).toBe(1);
    }
    startAgent();
    const expected = Array.from({ length: next }, (_, index) => `web-${index}`).filter(
      (name) => !deleted.includes(name),
    );
    await expect
      .poll(
        async () =>
          (await wire.client.list<Pod>(podKind)).items
            .filter((pod) => conditionOf(pod, "Ready") === "True")
            .map(({ metadata }) => metadata.name)
            .sort(),
        { timeout: 20_000 },
      )
      .toEqual([...expected].sort());

    const { items } = await wire.client.list<Pod>(podKind);
    const running = groups();
    expect([...running.keys()].sort()).toEqual(items.map(({ metadata }) => metadata.uid).sort());
    for (const [uid, of] of running) expect(of.size, `Pod ${uid} runs twice`).toBe(1);
    expect(items.every((pod) => containerOf(pod)?.restartCount === 0)).toBe(true);
  },
);

test("workloads answer while nobody looks after them", async () => {
  const child = startAgent();
  await create("web");
  let port = 0;
  let pod: Pod | undefined;
  await expect
    .poll(
      async () => {
        pod = await wire.client.get<Pod>({ ...podKind, namespace: "default", name: "web" });
        port = JSON.parse(pod?.metadata.annotations?.["sluice.dev/ports"] ?? "{}")["8080"] ?? 0;
        return port;
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(0);
  const ask = async () => (await fetch(`http://${pod?.status?.podIP}:${port}/`)).text();
  const before = await ask();

  await kill9(child);
  expect(await ask()).toBe(before);
  const begun = performance.now();
  await once(startAgent(), "message");
  console.log(`a successor had everything in hand ${Math.round(performance.now() - begun)} ms after it was started`);
  expect(await ask()).toBe(before);
});
