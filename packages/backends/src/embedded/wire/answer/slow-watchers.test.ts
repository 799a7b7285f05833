import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { builtInKinds } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { type WireWorld, wireWorld } from "../wire-world.fixture.ts";

const program = fileURLToPath(new URL("./watchers.fixture.mjs", import.meta.url));

function startWatchers(world: WireWorld, count: number) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [program, String(world.port), String(count)], {
    env: { TOKEN: world.token },
  });
  child.stderr.pipe(process.stderr);
  const lines = createInterface(child.stdout);
  const said = async (start: string): Promise<string> => {
    for (;;) {
      const [line] = (await once(lines, "line")) as [string];
      if (line.startsWith(start)) return line;
    }
  };
  return { child, said };
}

const mebibyte = 1024 * 1024;

const kind = { apiVersion: "v1", kind: "ConfigMap" };

/** Writes so many versions of one object of 16 KiB, each when a watcher that reads has seen the one before. */
async function writeVersions(world: WireWorld, count: number): Promise<void> {
  const watch = world.client.watch(kind, { namespace: "default" });
  const seen = watch[Symbol.asyncIterator]();
  await seen.next();
  for (let version = 0; version < count; version++) {
    const value = { data: { version: String(version), filler: "x".repeat(16 * 1024) } };
    await world.store.patch({ ...kind, namespace: "default", name: "busy" }, { type: "merge", value });
    await seen.next();
  }
  watch.stop();
}

const createBusy = (world: WireWorld) =>
  world.store.create({ ...kind, metadata: { name: "busy", namespace: "default" } });

test("1,000 watchers that never read cost a bounded amount of memory, and one that wakes is told 410", async () => {
  const world = await wireWorld(builtInKinds(), { store: { window: { count: 50 } } });
  await createBusy(world);
  const { child, said } = startWatchers(world, 1000);
  try {
    await said("ready");
    globalThis.gc?.();
    const before = process.memoryUsage().rss;

    await writeVersions(world, 600);

    // 10 MB of changes each; sockets hold some 6 of them, so what is kept beyond shows.
    const grown = (process.memoryUsage().rss - before) / mebibyte;
    console.log(`1,000 watchers that don't read: ${grown.toFixed(0)} MB more`);
    expect(grown).toBeLessThan(300);

    child.stdin.write("go\n");
    expect(await said("told")).toMatch(/"type":"ERROR".*"reason":"Expired".*"code":410/);
    const list = await world.client.list(kind);
    expect(list.items).toHaveLength(1);
  } finally {
    child.kill("SIGKILL");
    await world.close();
  }
}, 120_000);

test("a watcher that takes nothing for too long is cut off", async () => {
  const world = await wireWorld(builtInKinds(), { limits: { watchStall: seconds(0.5) } });
  await createBusy(world);
  const { child, said } = startWatchers(world, 3);
  try {
    await said("ready");

    await writeVersions(world, 600);

    // A paused socket sees its end only when it reads again; the server's side is what is asked here.
    await expect.poll(() => world.openStreams(), { timeout: 10_000 }).toBe(0);
  } finally {
    child.kill("SIGKILL");
    await world.close();
  }
});
