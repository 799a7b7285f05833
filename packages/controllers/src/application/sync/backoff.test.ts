import { instant, seconds } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { healWait, mayRetry, retryAt } from "./backoff.ts";

describe("waits", () => {
  test("self-heal: 0, 2, 6, 18 s, at most 300", () => {
    expect([0, 1, 2, 3, 10].map(healWait)).toEqual([0, 2000, 6000, 18_000, 300_000]);
  });

  test("retries: the listing's 5 s, times 2, at most 3 min; Argo CD's defaults are the same", () => {
    const waits = (strategy: Parameters<typeof retryAt>[2]) =>
      [0, 1, 2, 9].map((attempts) => retryAt(instant(0), attempts, strategy) / 1000);

    expect(waits({ backoff: { duration: "5s", factor: 2, maxDuration: "3m" } })).toEqual([5, 10, 20, 180]);
    expect(waits({})).toEqual([5, 10, 20, 180]);
    expect(waits({ backoff: { duration: "7", factor: 1 } })).toEqual([7, 7, 7, 7]);
    expect([
      mayRetry(2, { limit: 3 }),
      mayRetry(3, { limit: 3 }),
      mayRetry(99, { limit: -1 }),
      mayRetry(0, {}),
    ]).toEqual([true, false, true, false]);
    expect(seconds(1)).toBe(1000);
  });
});
