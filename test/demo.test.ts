// The main job, whole: what `npm run demo` shows, asked for as scripts ask.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rehearsedAgain } from "./fixtures/rehearsed-again.ts";
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

  // The same controllers on the same numbers in virtual time: they decide the same, in the same order.
  const again = await rehearsedAgain(join(folder, "state"), "shop", "shop");
  expect(again.map(({ version, outcome }) => `${version} ${outcome}`)).toEqual([
    "v2 promoted",
    "v3 rolledBack",
    "v4 promoted",
  ]);
  for (const { version, outcome, real, rehearsed } of again) {
    if (outcome === "promoted") expect([version, ...rehearsed]).toEqual([version, ...real]);
    else {
      const before = (decisions: readonly string[]) => decisions.filter((one) => !/^(abort|quarantine) /.test(one));
      // A measurement ends while the step does: on a real machine either may be first.
      const both = Math.min(before(real).length, before(rehearsed).length);
      expect(both).toBeGreaterThanOrEqual(4);
      expect(before(rehearsed).slice(0, both)).toEqual(before(real).slice(0, both));
      const last = (decisions: readonly string[]) => decisions.slice(-2).map((one) => one.replace(/ at \d+/, ""));
      expect(last(rehearsed)).toEqual(last(real));
    }
  }
}, 300_000);
