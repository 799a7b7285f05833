import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { atEnd, endAll, shopTable } from "./fixture.ts";
import { loadTable, saveTable } from "./stored-table.ts";

afterEach(endAll);

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "table-"));
  atEnd(() => rm(path, { recursive: true }));
  return path;
}

test("a stored table comes back as it was, and nothing else stays behind", async () => {
  const path = await folder();
  const file = join(path, "routes");

  await Promise.all([1, 2, 3].map((version) => saveTable(file, shopTable({ v1: [1] }, undefined, version))));
  await saveTable(file, shopTable({ v1: [1] }, undefined, 4));

  expect(await loadTable(file)).toEqual(shopTable({ v1: [1] }, undefined, 4));
  expect(await readdir(path)).toEqual(["routes"]);
});

test("what a crash left half written goes when an agent starts, and what is being written stays", async () => {
  const path = await folder();
  const file = join(path, "routes");
  await saveTable(file, shopTable({ v1: [1] }));
  const { mtimeMs } = await stat(file);
  for (const [name, secondsBefore] of [
    ["routes.0badcafe.tmp", 600],
    ["routes.1badcafe.tmp", 1],
    ["notes.tmp", 600],
  ] as const) {
    await writeFile(join(path, name), "half");
    await utimes(join(path, name), mtimeMs / 1000 - secondsBefore, mtimeMs / 1000 - secondsBefore);
  }

  expect(await loadTable(file)).toEqual(shopTable({ v1: [1] }));
  expect((await readdir(path)).toSorted()).toEqual(["notes.tmp", "routes", "routes.1badcafe.tmp"]);
});

test("a file that isn't whole, or isn't there, is no table", async () => {
  const file = join(await folder(), "routes");
  await saveTable(file, shopTable({ v1: [1] }));
  const stored = await readFile(file, "utf8");

  expect(await loadTable(`${file}-other`)).toBeUndefined();
  for (const damaged of ["", stored.slice(0, 80), stored.replace('"v1"', '"v2"')]) {
    await writeFile(file, damaged);
    expect(await loadTable(file)).toBeUndefined();
  }
});

test("where it can't be stored, it says so, and can be tried again", async () => {
  await expect(saveTable("/proc/no/such", shopTable({}))).rejects.toMatchObject({ kind: "unavailable" });
});
