import { expect, test } from "vitest";
import { checkStart, checkWindow } from "./judge-lines.ts";

const arm = { n: 100, err: 3, lat: [0, 100, 0] };
const start = {
  plan: [{ weight: 0.1, sec: 600 }],
  bucketEdgesMs: [10, 100],
  history: [{ dt: 60, a: arm, b: arm }],
};
const window = { t: 20, dt: 10, weight: 0.1, step: 0, stepAge: 20, canary: arm, stable: arm };
const release = { buckets: 3, since: 10 };

test.each([
  [{ plan: "fast" }, 'plan: found "fast"'],
  [{ plan: [{ weight: 10, sec: 600 }] }, "plan[0].weight: found 10, expected a share"],
  [{ plan: [null] }, "plan[0].weight: found nothing"],
  [{ bucketEdgesMs: [100, 10] }, "bucketEdgesMs[1]: found 10"],
  [{ history: [{ dt: 60 }] }, "history[0].a: found nothing"],
  [{ history: [{ dt: 0, a: arm, b: arm }] }, "history[0].dt: found 0"],
])("a start with %j is refused with its place", (changes, words) => {
  expect(checkStart({ ...start, ...changes })).toContain(words);
});

test.each([
  [{ t: 10 }, "t: found 10, expected seconds since the release began, more than 10"],
  [{ dt: -10 }, "dt: found -10"],
  [{ weight: 5 }, "weight: found 5"],
  [{ canary: { requests: 100, failures: 30 } }, "canary.n: found nothing, expected how many requests"],
  [{ canary: { ...arm, n: -5 } }, "canary.n: found -5"],
  [{ canary: { ...arm, err: 101 } }, "canary.err: found 101, expected how many of the 100 requests failed"],
  [{ canary: { ...arm, err: null } }, "canary.err: found null"],
  [{ canary: { ...arm, lat: [100] } }, "canary.lat: found [100], expected 3 counts"],
  [{ canary: { ...arm, lat: [0, "a", 0] } }, 'canary.lat[1]: found "a"'],
  [{ stable: { ...arm, endpoints: [{ n: 1 }] } }, "stable.endpoints[0].err: found nothing"],
  [{ canary: { ...arm, pods: "two" } }, 'canary.pods: found "two"'],
])("a window with %j is refused with its place", (changes, words) => {
  expect(checkWindow({ ...window, ...changes }, release)).toContain(words);
});

test("what may be left out may be", () => {
  expect(checkStart({ ...start, history: [] })).toBeUndefined();
  expect(checkWindow({ t: 20, dt: 10, weight: 0.1, canary: arm, stable: null }, release)).toBeUndefined();
  expect(checkWindow({ t: 20, dt: 10, weight: 1, canary: arm }, release)).toBeUndefined();
});
