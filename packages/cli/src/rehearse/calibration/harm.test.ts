import { seconds } from "@sluice/kernel";
import type { JudgedRelease, JudgedWindow } from "@sluice/verdict";
import { expect, test } from "vitest";
import { Harm } from "./harm.ts";

/** Buckets up to 100 ms, to 200 ms, and above: ordinarily one in twenty is in the last one. */
const served = (requests: number, failures: number, slow: number) => ({
  requests,
  failures,
  latencyCounts: [requests / 2, requests / 2 - slow, slow],
});
const release = {
  history: [{ lasts: seconds(60), first: served(2000, 0, 100), second: served(2000, 0, 100) }],
} as unknown as JudgedRelease;
const window = (canary: object, stable?: object) => ({ canary, stable }) as unknown as JudgedWindow;

function harmedBy(begun: Partial<JudgedRelease>, windows: readonly JudgedWindow[]): number {
  const harm = new Harm(begun);
  for (const one of windows) harm.add(one);
  return harm.requests;
}

test("slow requests are harm, too, as they are in what is predicted", () => {
  const stable = served(4000, 0, 200);

  expect(harmedBy(release, [window(served(400, 0, 320), stable)])).toBe(300);
  expect(harmedBy(release, [window(served(200, 40, 10), stable), window(served(200, 0, 10), stable)])).toBe(40);
});

test("a cold start and chance aren't harm, and without a stable version the history is what is ordinary", () => {
  expect(harmedBy(release, [window(served(400, 0, 38), served(4000, 0, 200))])).toBe(0);
  expect(harmedBy(release, [window(served(20, 0, 3), served(4000, 0, 200))])).toBe(0);
  expect(harmedBy(release, [window(served(400, 0, 320))])).toBe(300);
  expect(harmedBy({}, [window(served(400, 8, 320))])).toBe(8);
});
