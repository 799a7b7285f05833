// The main job, whole: what `npm run demo` shows, asked for as scripts ask.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rehearsedAgain } from "./fixtures/rehearsed-again.ts";
import { RunningSluice, repository, sluice } from "./fixtures/sluice.ts";

test("good releases reach everyone, the bad one is taken back everywhere, nobody else's request fails", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-demo-test-"));
  const data = join(folder, ".sluice");
  const manifests = join(repository, "examples", "shop", "manifests");
  const few = ["--runs", "2", "--good", "4", "--fault", "error +50pp"];
  const predicted = await sluice(["rehearse", manifests, ...few, "--keep", "--namespace", "shop", "--data", data], {
    cwd: folder,
  });
  expect(predicted.code, predicted.stderr).toBe(0);

  const { code, stdout, stderr } = await sluice(["demo", "--fast", "--json", "--exit", "--data", data], {
    cwd: folder,
    timeout: 280_000,
  });

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
  const again = await rehearsedAgain(data, "shop", "shop");
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

  // The commands say so too, of a Sluice that is up again.
  const off = join(folder, "off.yaml");
  await writeFile(
    off,
    '{ apiVersion: sluice.dev/v1alpha1, kind: RollbackPolicy, metadata: { name: nobody }, spec: { judge: { mode: "off" } } }\n',
  );
  const running = await RunningSluice.start(folder);
  try {
    const inShop = ["--namespace", "shop"];
    const names = await running.run(["rehearse", "--replay", "shop@none", ...inShop]);
    expect(names.stderr).toMatch(/there are shop@\d+, shop@\d+, shop@\d+/);
    const [good, bad] = [...names.stderr.matchAll(/shop@\d+/g)].map(([name]) => name).slice(-3);
    const replayed = await running.json<Replayed>("rehearse", "--replay", bad ?? "", "--policy", off, ...inShop);
    expect(replayed).toMatchObject({ version: "v3", real: { outcome: "rolledBack" }, asItWas: { end: "aborted" } });
    expect(replayed.changed.canaryRequests).toBeGreaterThan(replayed.asItWas.canaryRequests / 2);
    expect(await running.ok("rehearse", "--replay", good ?? "", ...inShop)).toMatch(
      /^v2 .*promoted; .* of its requests were recorded\n.*\n +as it was +goes to everyone/,
    );
    const calibration = await running.ok("rehearse", "--calibration", ...inShop);
    expect(calibration).toMatch(/shop@\d+ v3 +taken back/);
    expect(calibration).toContain("1 of 3 were taken back");
  } finally {
    await running.stop();
  }
}, 360_000);

interface Replayed {
  readonly asItWas: { readonly canaryRequests: number };
  readonly changed: { readonly canaryRequests: number };
}
