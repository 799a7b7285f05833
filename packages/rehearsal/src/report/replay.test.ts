import type { Resource } from "@sluice/api";
import { instant, millis, ratio, seconds } from "@sluice/kernel";
import type { JudgedWindow, VersionServed } from "@sluice/verdict";
import { expect, test } from "vitest";
import type { Recording } from "../model/recording.ts";
import { canary, errors, policyOf } from "../rehearsal.fixture.ts";
import { replayRelease } from "./replay.ts";

const edges = [50, 100, 500];

function served(requests: number, failures: number): VersionServed {
  const counts = { requests, failures, latencyCounts: [requests, 0, 0, 0] };
  return { ...counts, endpoints: [counts], exposures: 0, conversions: 0, restarts: 0, pods: 1 };
}

/** 100 requests a second of which a tenth went to the new version, which failed each third from second 30 on. */
const recording: Recording = {
  release: {
    plan: [
      { weight: ratio(0.1), lasts: seconds(300) },
      { weight: ratio(0.5), lasts: seconds(300) },
    ],
    bucketEdgesMs: edges,
    history: Array.from({ length: 20 }, (_, at) => ({
      lasts: seconds(60),
      first: served(3000, 2 + (at % 3)),
      second: served(3000, 2 + ((at + 1) % 3)),
    })),
    names: { canary: "v7", stable: "v6", endpoints: ["GET"], beganAt: instant(Date.UTC(2026, 0, 1, 10, 42)) },
  },
  windows: Array.from(
    { length: 60 },
    (_, at): JudgedWindow => ({
      ends: millis((at + 1) * 1000),
      lasts: seconds(1),
      weight: ratio(0.1),
      step: 0,
      stepAge: millis(0),
      canary: served(10, at < 30 ? 0 : 3),
      stable: served(90, 0),
    }),
  ),
};
const options = { personMillis: 60_000, readyMillis: 2000, secondAgeMillis: 0 };

test("what happened comes again: the judge takes back what began to fail, soon after it did", async () => {
  const policy = await policyOf(canary({ analysis: undefined }));

  const outcome = await replayRelease(policy, recording, options);

  expect(outcome).toMatchObject({ end: "aborted", weight: 0.1 });
  expect(outcome.seconds).toBeGreaterThan(32);
  expect(outcome.seconds).toBeLessThan(90);
  expect(outcome.decisions.map(({ action }) => action)).toEqual(["begin", "advance", "pause", "abort", "quarantine"]);
  // As it was called, and when it was then.
  expect(outcome.decisions.at(-1)?.because).toMatch(/ on v7 against .* on v6 over .* since 10:4[23];/);
  // Three in ten of what it got since then.
  expect(Math.abs(outcome.harmed - 0.3 * (outcome.canaryRequests - 300))).toBeLessThanOrEqual(2);
});

test("under another plan more of the same requests meet the new version", async () => {
  const half = [{ setWeight: 50 }, { pause: { duration: "10m" } }];
  const policy = await policyOf(canary({ steps: half, analysis: undefined }));

  const outcome = await replayRelease(policy, recording, options);

  expect(outcome).toMatchObject({ end: "aborted", weight: 0.5 });
  expect(outcome.canaryRequests / (outcome.seconds - 2)).toBeCloseTo(50, -1);
});

test("as Argo Rollouts its own query decides on the recorded numbers", async () => {
  const policy = await policyOf(canary(), errors());

  const outcome = await replayRelease(policy, recording, { ...options, profile: "argo" });

  expect(outcome).toMatchObject({ end: "aborted", rule: { by: "errors" } });
});

test("no single second stands for what comes after the recorded ones: their end comes again and again", async () => {
  const { windows } = recording;
  // Of 3,000 requests 30 failed, 10 of them in the last second: 1 %, and for a second 20 %.
  const unlucky = windows.map((window, at) => ({
    ...window,
    canary: served(50, at === 59 ? 10 : at % 3 === 0 ? 1 : 0),
    stable: served(450, 0),
  }));
  const advising = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RollbackPolicy",
    metadata: { name: "own", namespace: "shop" },
    spec: { judge: { mode: "advise" }, rules: [], holdback: { weight: 0, seconds: 0 } },
  } as Resource;
  const policy = await policyOf(canary({ analysis: undefined }), advising);

  const outcome = await replayRelease(policy, { ...recording, windows: unlucky }, options);

  expect(outcome).toMatchObject({ end: "promoted" });
  expect(outcome.harmed / outcome.canaryRequests).toBeLessThan(0.02);
});

test("the few requests that were still under way after a verdict don't stand for the version", async () => {
  const { windows } = recording;
  const failing = windows.map((window, at) => ({
    ...window,
    canary: served(40, at < 2 ? 0 : 3),
    stable: served(360, 0),
  }));
  const taken = { canary: served(4, 0), stable: served(396, 0), ends: millis(7000) };
  const short = [...failing.slice(0, 6), { ...(windows[6] as JudgedWindow), ...taken }];
  const slow = [{ setWeight: 10 }, { pause: { duration: "10s" } }, { setWeight: 50 }, { pause: { duration: "30s" } }];
  const policy = await policyOf(canary({ steps: slow, analysis: undefined }));

  const outcome = await replayRelease(policy, { ...recording, windows: short }, options);

  expect(outcome).toMatchObject({ end: "aborted" });
  // Three in forty, as it failed while it had traffic.
  expect(outcome.harmed / outcome.canaryRequests).toBeGreaterThan(0.05);
});
