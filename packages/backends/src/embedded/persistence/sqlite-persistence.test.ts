import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { builtInKinds, KindRegistry, type Resource } from "@sluice/api";
import { minutes, randomInteger, seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { configMapKinds } from "./config-map-kinds.fixture.ts";
import { openSqlitePersistence } from "./sqlite-persistence.ts";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const kind = { apiVersion: "v1", kind: "ConfigMap" };
const configMap = (name: string, text = ""): Resource & { data: object } => ({
  ...kind,
  metadata: { name, namespace: "default" },
  data: { text },
});

async function begin(path: string) {
  const clock = new VirtualClock();
  const persistence = openSqlitePersistence(path);
  const store = await createStore({ kinds: configMapKinds(), clock, random: seededRandom(1), persistence });
  return { store, client: store.client, clock };
}

test("what was written is there after a new start, and no revision comes twice", async () => {
  const path = join(newFolder(), "sluice.db");
  const first = await begin(path);
  const kept = await first.client.create(configMap("kept", "ünïcode \u0000 and \u{1f680}"));
  await first.client.create(configMap("removed"));
  const removed = await first.client.delete({ ...kind, namespace: "default", name: "removed" });
  await first.store.stop();

  const second = await begin(path);

  expect((await second.client.list(kind)).items).toEqual([kept]);
  const next = await second.client.create(configMap("next"));
  expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(Number(removed?.metadata.resourceVersion));
  const old = second.client.watch(kind, { resourceVersion: kept.metadata.resourceVersion ?? "" });
  await expect(old[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: "Expired" });
  await second.store.stop();
});

test("custom kinds and their objects are there after a new start", async () => {
  const path = join(newFolder(), "sluice.db");
  const start = async () => {
    const kinds = new KindRegistry(builtInKinds());
    const persistence = openSqlitePersistence(path);
    return createStore({ kinds, clock: new VirtualClock(), random: seededRandom(1), persistence });
  };
  const crd: Resource = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
            },
          },
        },
      ],
    },
  };
  const widget = (name: string, size: unknown): Resource => ({
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name, namespace: "default" },
    spec: { size },
  });
  const first = await start();
  await first.client.create(crd);
  const made = await first.client.create(widget("a", 1));
  await first.stop();

  const second = await start();

  expect((await second.client.list({ apiVersion: "example.com/v1", kind: "Widget" })).items).toEqual([made]);
  await expect(second.client.create(widget("b", "big"))).rejects.toMatchObject({ reason: "Invalid" });
  await second.client.delete({ apiVersion: crd.apiVersion, kind: crd.kind, name: "widgets.example.com" });
  await expect(second.client.create(widget("b", 1))).rejects.toMatchObject({ reason: "NotFound" });
  await second.stop();
});

test("the file is for its owner only", async () => {
  const path = join(newFolder(), "sluice.db");
  const { store, client } = await begin(path);
  await client.create(configMap("a"));

  const modes = ["", "-wal"].map((suffix) => (statSync(path + suffix).mode & 0o777).toString(8));

  expect(modes).toEqual(["600", "600"]);
  await store.stop();
});

test("the log is taken into the file beside the commits, again and again", async () => {
  const path = join(newFolder(), "sluice.db");
  const { store, client } = await begin(path);
  const text = "x".repeat(1000);
  const write = (from: number) =>
    Promise.all(Array.from({ length: 500 }, (_, index) => client.create(configMap(`a-${from + index}`, text))));

  for (const from of [0, 500]) {
    await write(from);

    await expect.poll(() => statSync(path).size, { timeout: 10_000 }).toBeGreaterThan((from + 500) * text.length);
  }

  await store.stop();
});

test("a second one on the same file is refused, and the first goes on", async () => {
  const path = join(newFolder(), "sluice.db");
  const { store, client } = await begin(path);

  const second = () => openSqlitePersistence(path);

  expect(second).toThrow(
    expect.objectContaining({ kind: "unavailable", message: expect.stringMatching(/in use by another process/) }),
  );
  expect((await client.create(configMap("a"))).metadata.name).toBe("a");
  await store.stop();
});

function alter(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

test("a newer schema, another program's database and a damaged file are refused, each by name", async () => {
  const folder = newFolder();
  const newer = join(folder, "newer.db");
  await (await begin(newer)).store.stop();
  alter(newer, "PRAGMA user_version = 99");
  const foreign = join(folder, "foreign.db");
  alter(foreign, "CREATE TABLE recipes (name TEXT)");
  const untouched = readFileSync(foreign);
  const damaged = join(folder, "damaged.db");
  writeFileSync(damaged, "this is no database, it only says so at some length ".repeat(100));

  const refusal = (path: string) => {
    try {
      openSqlitePersistence(path);
    } catch (fault) {
      return fault;
    }
    return undefined;
  };

  expect(refusal(newer)).toMatchObject({
    kind: "invalid",
    message: expect.stringMatching(/newer Sluice: found schema 99/),
  });
  expect(refusal(foreign)).toMatchObject({ kind: "invalid", message: expect.stringMatching(/another program/) });
  expect(readFileSync(foreign)).toEqual(untouched);
  expect(refusal(damaged)).toMatchObject({
    kind: "invalid",
    message: expect.stringMatching(/can't be read as a store/),
  });
});

test("kill -9 at any instant loses nothing acknowledged and gives no revision twice", {
  timeout: 120_000,
}, async () => {
  const path = join(newFolder(), "sluice.db");
  const program = await bundledWriter();
  const random = seededRandom(9);
  const revisions = new Set<number>();
  const counts = new Map<string, number>();
  const deleted = new Set<string>();
  let acknowledged = 0;

  for (let round = 1; round <= 30; round++) {
    const lines = await killAfter(program, path, round, 1 + randomInteger(random, 150));
    for (const line of lines) {
      const [did, name = "", count, revision] = line.split(" ");
      if (did === "ready") continue;
      acknowledged++;
      expect(revisions.has(Number(revision)), `revision ${revision} of round ${round}`).toBe(false);
      revisions.add(Number(revision));
      if (did === "counted") counts.set(name, Number(count));
      if (did === "deleted") deleted.add(name);
    }
    const persistence = openSqlitePersistence(path);
    const { objects, reserved } = await persistence.load();
    const stored = new Map([...objects].map((object) => [object.metadata.name, object]));
    for (const [name, count] of counts) {
      const found = Number((stored.get(name) as { data?: { count: string } } | undefined)?.data?.count ?? 0);
      expect(found, `${name} after round ${round}`).toBeGreaterThanOrEqual(count);
    }
    for (const name of deleted) expect(stored.has(name), `${name} after round ${round}`).toBe(false);
    expect(reserved).toBeGreaterThanOrEqual(Math.max(0, ...revisions));
    await persistence.close();
  }

  expect(acknowledged).toBeGreaterThan(1000);
});

/** In one file, since 30 starts from source would take most of a minute. */
async function bundledWriter(): Promise<string> {
  const outfile = join(newFolder(), "writer.mjs");
  const entry = fileURLToPath(new URL("./killed-writer.fixture.ts", import.meta.url));
  await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  return outfile;
}

/** The whole lines that a writer told; it is killed when it has told `count`, in the middle of what comes next. */
function killAfter(program: string, path: string, seed: number, count: number): Promise<readonly string[]> {
  const writer = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, path, String(seed)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let told = "";
    let errors = "";
    writer.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    writer.stdout.on("data", (chunk) => {
      told += chunk;
      if (told.split("\n").length > count) writer.kill("SIGKILL");
    });
    writer.on("close", (_code, signal) => {
      if (signal === "SIGKILL") resolve(told.split("\n").slice(0, -1));
      else reject(new Error(`the writer ended by itself: ${errors}`));
    });
  });
}

/** A disk of its own, small; undefined where this user may not mount one. */
function smallDisk(megabytes: number): string | undefined {
  const folder = newFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "sluice-test", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync("umount", [folder]));
  return folder;
}

test("a disk that is full from the start is told as that, not as damage", ({ skip }) => {
  const disk = smallDisk(1);
  if (disk === undefined) return skip("this user may not mount a small disk");
  writeFileSync(join(disk, "filler"), Buffer.alloc(1024 * 1024 - 4096));

  const opening = () => openSqlitePersistence(join(disk, "sluice.db"));

  expect(opening).toThrow(
    expect.objectContaining({ kind: "unavailable", message: expect.stringMatching(/the disk is full/) }),
  );
});

test("a full disk: writes are refused, reads go on, and it recovers when there is room", async ({ skip }) => {
  const disk = smallDisk(4);
  if (disk === undefined) return skip("this user may not mount a small disk");
  const path = join(disk, "sluice.db");
  const filler = join(disk, "filler");
  writeFileSync(filler, Buffer.alloc(1024 * 1024));
  const { store, client, clock } = await begin(path);
  const stored: string[] = [];

  let refused: unknown;
  for (let index = 0; refused === undefined && index < 10_000; index++) {
    const write = client.create(configMap(`a-${index}`, "x".repeat(10_000)));
    await write.then(
      () => stored.push(`a-${index}`),
      (fault) => (refused = fault),
    );
  }
  const condition = store.condition();
  await clock.advance(minutes(1));
  const names = async () => (await client.list(kind)).items.map((item) => item.metadata.name);
  const whileFull = { names: await names(), condition: store.condition().is };
  rmSync(filler);
  await clock.advance(minutes(1));
  const late = await client.create(configMap("late"));
  await store.stop();

  expect(refused).toMatchObject({ reason: "ServiceUnavailable", message: expect.stringMatching(/the disk is full/) });
  expect(condition).toMatchObject({ is: "readOnly", reason: expect.stringMatching(/the disk is full/) });
  expect(whileFull).toEqual({ names: stored.toSorted(), condition: "readOnly" });
  expect(late.metadata.name).toBe("late");
  const again = await begin(path);
  const found = (await again.client.list(kind)).items.map((item) => item.metadata.name);
  expect(found).toEqual([...stored, "late"].toSorted());
  await again.store.stop();
});
