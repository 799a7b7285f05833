import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
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
