import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { linesOf } from "./lines-of.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-lines-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(text: string): Promise<readonly string[]> {
  const path = join(folder, "log");
  await writeFile(path, text);
  const lines: string[] = [];
  for await (const some of (await linesOf(path)) ?? []) lines.push(...some);
  return lines;
}

test("lines are whole wherever the file is cut into pieces, and end at line feeds alone", async () => {
  const lines = Array.from({ length: 400 }, (_, index) => `${index} \u2028\r${"ü€".repeat(index * 7)}`);

  expect(await read(`${lines.join("\n")}\n`)).toEqual(lines);
  expect(await read(lines.join("\n"))).toEqual(lines);
  expect(await read("")).toEqual([]);
});

test("what is too long to be a line is none, and those beside it are read", async () => {
  expect(await read(`before\n${"x".repeat(17 * 1024 * 1024)}\nafter\n`)).toEqual(["before", "", "after"]);
});

test("a file that can't be opened isn't taken for none", async () => {
  const path = join(folder, "log");
  await symlink(path, path);

  await expect(linesOf(path)).rejects.toThrow("ELOOP");
});

test("without a file there are no lines", async () => {
  expect(await linesOf(join(folder, "none"))).toBeUndefined();
});
