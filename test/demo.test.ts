// The main job, whole: what `npm run demo` shows, asked for as scripts ask.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sluice } from "./fixtures/sluice.ts";

test("good releases reach everyone, the bad one is taken back everywhere, nobody else's request fails", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-demo-test-"));

  const { code, stdout, stderr } = await sluice(
    ["demo", "--fast", "--json", "--exit", "--data", join(folder, "state")],
    {
      cwd: folder,
      timeout: 280_000,
    },
  );

  const summary = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
  expect(summary.problems, stderr).toEqual([]);
  expect(code).toBe(0);
  expect(
    summary.releases.map(({ version, result }: { version: string; result: string }) => `${version} ${result}`),
  ).toEqual(["v1 promoted", "v2 promoted", "v3 rolledBack", "v4 promoted"]);
  expect(summary.failed).toBe(summary.failedByBad);
  expect(summary.failedByBad).toBeGreaterThan(0);
  expect(summary.servedByBad).toBeLessThan(summary.requests / 10);
  expect(summary.git.head).toMatch(/^[0-9a-f]{40}$/);
  expect(summary.git.revertOf).toMatch(/^[0-9a-f]{40}$/);
}, 300_000);
