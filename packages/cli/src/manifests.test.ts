import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readFiles } from "./manifests.ts";

test("of a folder the files are read, by links too, and nothing that is only called like one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-manifests-"));
  mkdirSync(join(folder, "inner.yaml"));
  writeFileSync(join(folder, "inner.yaml", "b.yaml"), "b: 1\n");
  writeFileSync(join(folder, "a.yaml"), "a: 1\n");
  symlinkSync("a.yaml", join(folder, "link.yaml"));
  // Nobody writes to it: who reads it waits for ever.
  execFileSync("mkfifo", [join(folder, "pipe.yaml")]);

  const files = await readFiles([folder]);

  expect(files.map(({ path }) => path.slice(folder.length))).toEqual(["/a.yaml", "/inner.yaml/b.yaml", "/link.yaml"]);
});
