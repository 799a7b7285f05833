import { millis, ratio } from "@sluice/kernel";
import { expect, test } from "vitest";
import { type ComparedWindow, Gathering } from "./gathering.ts";
import type { VersionServed } from "./window.ts";

function served(requests: number, failures = 0): VersionServed {
  const one = { requests, failures, latencyCounts: [requests, 0] };
  return { ...one, endpoints: [one], exposures: requests, conversions: 1, restarts: 2, pods: 3 };
}

const window = (second: number, canary: VersionServed, stable: VersionServed, step = 0): ComparedWindow => ({
  ends: millis(second * 1000),
  lasts: millis(10_000),
  weight: ratio(0.05 * (step + 1)),
  step,
  stepAge: millis(second * 1000),
  canary,
  stable,
});

test("windows with enough on both sides are compared one by one", () => {
  const gathering = new Gathering();
  const busy = window(10, served(5), served(95));

  expect(gathering.add(busy)).toEqual([busy]);
});

test("windows of a quiet service are put together until both sides served, their counts summed", () => {
  const gathering = new Gathering();

  const first = gathering.add(window(10, served(0), served(9)));
  const second = gathering.add(window(20, served(3, 1), served(8)));

  expect(first).toEqual([]);
  expect(second).toMatchObject([
    {
      ends: 20_000,
      lasts: 20_000,
      canary: { requests: 3, failures: 1, conversions: 2, restarts: 2, endpoints: [{ requests: 3, failures: 1 }] },
      stable: { requests: 17, exposures: 17, endpoints: [{ latencyCounts: [17, 0] }] },
    },
  ]);
});

test.each([
  ["half a minute is over", [served(0), served(0), served(1)], 3],
  ["the canary failed twice", [served(1), served(2, 2)], 2],
])("nobody waits once %s", (_title, canaries, windows) => {
  const gathering = new Gathering();

  const compared = canaries.map((canary, index) => gathering.add(window(10 * (index + 1), canary, served(3))).length);

  expect(compared.at(-1)).toBe(1);
  expect(compared).toHaveLength(windows);
});

test("a step's windows aren't mixed with the next step's", () => {
  const gathering = new Gathering();
  const quiet = window(10, served(1), served(9));

  gathering.add(quiet);
  const compared = gathering.add(window(20, served(1), served(9), 1));

  expect(compared).toEqual([quiet]);
});
