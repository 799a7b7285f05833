import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readFiles, readRepository } from "./manifests.ts";

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

test("a chart's template is told as one: nothing of it can be read before it is rendered", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-manifests-"));
  const path = join(folder, "rollout.yaml");
  writeFileSync(path, "apiVersion: v1\nkind: Rollout\nmetadata:\n  name: {{ .Release.Name }}\n");

  await expect(readRepository([path])).rejects.toThrow(
    /metadata.name is missing; it is a Helm template: render it first/,
  );
});
