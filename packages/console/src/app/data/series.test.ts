import { expect, test } from "vitest";
import { seriesOf, windowOf } from "./series.ts";

test("readings of two moments have the same points where they overlap", () => {
  const [first, second] = [windowOf(300, 1_000_001.3), windowOf(300, 1_000_002.9)];

  expect(second.end - first.end).toBe(first.step);
});

test("a series has a gap where there was no sample or no number", () => {
  const answer = {
    status: "success",
    data: {
      result: [
        {
          metric: { pod_template_hash: "a" },
          values: [
            [90, "1"],
            [94, "NaN"],
            [100, "3"],
          ] as const,
        },
      ],
    },
  };

  const { times, byHash } = seriesOf(answer, { length: 10, end: 100, step: 2 });

  expect(times).toEqual([90, 92, 94, 96, 98, 100]);
  expect(byHash.get("a")).toEqual([1, null, null, null, null, 3]);
});
