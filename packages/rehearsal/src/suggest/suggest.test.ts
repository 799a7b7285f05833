import type { CanaryStep } from "@sluice/api";
import { expect, test } from "vitest";
import { canary, errors, options, policyOf } from "../rehearsal.fixture.ts";
import { candidatesFor, withLongerFirst } from "./candidates.ts";
import { suggest } from "./suggest.ts";

const steps: readonly CanaryStep[] = [
  { setWeight: 40 },
  { pause: { duration: "2m" } },
  { analysis: { templates: [{ templateName: "errors" }] } },
  { setWeight: 60 },
  { pause: { duration: "10m" } },
  { setWeight: 100 },
];

test("candidates keep the steps, their order and their time", () => {
  const candidates = candidatesFor(steps);

  expect(candidates).toHaveLength(15);
  for (const tried of candidates) {
    expect(tried.map((step) => Object.keys(step))).toEqual(steps.map((step) => Object.keys(step)));
    const seconds = tried
      .map(({ pause }) => Number.parseInt(String(pause?.duration ?? 0), 10))
      .filter((one) => one > 0);
    const units = tried
      .map(({ pause }) => String(pause?.duration ?? "").endsWith("m"))
      .filter((_, at) => tried[at]?.pause);
    const total = seconds.reduce((sum, one, at) => sum + one * (units[at] ? 60 : 1), 0);
    expect(Math.abs(total - 720)).toBeLessThanOrEqual(20);
  }
});

test.each([
  ["one weight", [{ setWeight: 10 }, { pause: { duration: "5m" } }]],
  ["pauses that wait for people", [{ setWeight: 10 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]],
])("%s leave nothing to search", (_name, fixed) => {
  expect(candidatesFor(fixed)).toEqual([]);
});

test.each<[string, readonly CanaryStep[], number | undefined]>([
  ["timed and too short is held for longer", [{ setWeight: 10 }, { pause: { duration: "20s" } }], 60],
  ["timed and long enough stays", [{ setWeight: 10 }, { pause: { duration: "1h" } }], undefined],
  ["that waits for a person may take any time", [{ setWeight: 10 }, { pause: {} }, ...steps], undefined],
  ["that holds nothing isn't another one's to lengthen", [{ setWeight: 5 }, ...steps], undefined],
])("a first step %s", (_, plan, seconds) => {
  expect(withLongerFirst(plan, 100, 500)?.seconds).toBe(seconds);
});

test("a first step with too much traffic is made smaller and longer, for less harm in the same time", async () => {
  const policy = await policyOf(
    canary({ steps: steps.filter((step) => step.analysis === undefined), analysis: undefined }),
    errors(),
  );

  const found = await suggest(policy, "sluice", { ...options, runs: 2, goodRuns: 2 });

  expect(found.better?.steps[0]?.setWeight).toBeLessThan(40);
  expect(found.better?.after.harmed).toBeLessThan(0.9 * found.before.harmed);
  expect(found.better?.after.seconds).toBeLessThanOrEqual(1.02 * found.before.seconds);
});

test("a plan that waits for longer than it learns is made shorter, and harms no more", async () => {
  const patient: readonly CanaryStep[] = [
    { setWeight: 5 },
    { pause: { duration: "1h" } },
    { setWeight: 50 },
    { pause: { duration: "1h" } },
  ];
  const policy = await policyOf(canary({ steps: patient, analysis: undefined }), errors());

  const found = await suggest(policy, "sluice", { ...options, runs: 2, goodRuns: 2 }, "shortest");

  expect(found.better?.after.seconds).toBeLessThan(0.9 * found.before.seconds);
  expect(found.better?.after.harmed).toBeLessThanOrEqual(1.02 * found.before.harmed);
  expect(found.better?.after.stopped).toBeLessThanOrEqual(found.before.stopped);
});
