import { millis, murmur3, ratio } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createJudge } from "./judge.ts";
import { judgeVersion } from "./judge-version.ts";
import type { JudgedRelease, Served, VersionServed } from "./windows/window.ts";

/** Forty minutes of everything that a judge looks at: a cold start, failures on one endpoint, slowness, a leak, restarts. */
function whatItSays(control: NonNullable<JudgedRelease["control"]>): string {
  const edges = [10, 20, 40, 80, 160, 320];
  const wave = (step: number, period: number) => Math.sin((2 * Math.PI * step) / period);
  const version = (step: number, requests: number, failing: number, slower: number, pods: number): VersionServed => {
    const endpoints = [0.7, 0.3].map((share, endpoint): Served => {
      const served = Math.round(requests * share * (1 + 0.1 * wave(step, 17)));
      const failures = Math.min(served, Math.round(served * failing * (1 + endpoint) * (1 + 0.4 * wave(step, 7))));
      const slow = Math.min(0.5, 0.1 * slower * (1 + 0.2 * wave(step, 11)));
      const shares = [0.1, 0.3, 0.6 - slow - slow / 4, slow, slow / 8, slow / 8, 0];
      return { requests: served, failures, latencyCounts: shares.map((of) => Math.round(of * served)) };
    });
    const [first, second] = endpoints as [Served, Served];
    return {
      requests: first.requests + second.requests,
      failures: first.failures + second.failures,
      latencyCounts: first.latencyCounts.map((count, bucket) => count + (second.latencyCounts[bucket] ?? 0)),
      endpoints,
      exposures: first.requests,
      conversions: Math.round(first.requests * 0.03 * (1 + 0.3 * wave(step, 13))),
      memoryMax: 100,
      restarts: 0,
      pods,
    };
  };
  const judge = createJudge({
    control,
    plan: [0.05, 0.3, 1].map((weight) => ({ weight: ratio(weight), lasts: millis(900_000) })),
    bucketEdgesMs: edges,
    history: Array.from({ length: 25 }, (_, step) => ({
      lasts: millis(60_000),
      first: version(step, 3000, 0.005, 1, 4),
      second: version(step + 3, 3000, 0.005, 1, 4),
    })),
  });
  const said: string[] = [];
  for (let step = 0; step < 240; step++) {
    const isLater = step >= 90;
    const canary = version(step, isLater ? 300 : 50, step > 130 ? 0.009 : 0.006, 1 + Math.exp(-step / 6), 2);
    const { action, evidence } = judge.observe({
      ends: millis((step + 1) * 10_000),
      lasts: millis(10_000),
      weight: ratio(isLater ? 0.3 : 0.05),
      step: isLater ? 1 : 0,
      stepAge: millis((step - (isLater ? 90 : 0) + 1) * 10_000),
      canary: { ...canary, memoryMax: 100 + step / 6, restarts: Math.floor(step / 70) },
      stable: version(step + 5, 700, 0.005, 1, 6),
    });
    said.push(`${action} ${evidence.map(({ signal, nats }) => `${signal} ${nats.toFixed(3)}`).join(" ")}`);
  }
  return murmur3(new TextEncoder().encode(said.join("\n"))).toString(16);
}

test("a judge that says otherwise has another number: raise judgeVersion together with what is expected here", () => {
  expect(`judge ${judgeVersion}: ${whatItSays("stable")} ${whatItSays("fresh")}`).toBe("judge 15: 9847294a 8c83384c");
});
