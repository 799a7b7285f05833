import { millis, ratio } from "@sluice/kernel";
import { expect, test } from "vitest";
import { Cohorts } from "../explanations/cold-start.ts";
import { Control } from "../explanations/control.ts";
import { surprisesOf } from "../explanations/known-starts.ts";
import { serving } from "../windows/serving.fixture.ts";
import type { JudgedWindow } from "../windows/window.ts";
import { LatencyScan } from "./latency-scan.ts";

/**
 * Two steps of ten minutes, of which `seconds` were seen; `difference`: of log latencies at a time and an age of the step;
 * `requests`: of the canary's one pod in a window, which is `every` seconds.
 */
function nats(
  seconds: number,
  difference: (time: number, stepAge: number) => number,
  requests = 400,
  every = 10,
): number {
  const control = new Control({ plan: [], bucketEdgesMs: [], history: [], control: "stable" });
  const cohorts = new Cohorts(control);
  const scan = new LatencyScan(
    { burst: 1, bursts: [{ burst: 1, share: 1 }], burstMax: 1.5, drift: 0.015 },
    0.034,
    cohorts,
    surprisesOf(undefined).slower,
  );
  for (let time = 0; time < seconds; time += every) {
    const step = Math.floor(time / 600);
    const window: JudgedWindow = {
      ends: millis((time + every) * 1000),
      lasts: millis(every * 1000),
      weight: ratio(step === 0 ? 0.05 : 0.1),
      step,
      stepAge: millis((time + every - step * 600) * 1000),
      canary: serving(requests),
      stable: serving(4000),
    };
    cohorts.see(window);
    const moment = { starts: time, seconds: every, podShare: 0.5, unknownPods: 0, disturbance: 0 };
    scan.add({ difference: difference(time, time - step * 600), variance: 0.001, requests: 400 }, moment);
  }
  return scan.finding().nats;
}

test("a step that is slow from its beginning is a cold start until time refutes it", () => {
  const slow = () => Math.log(1.5);

  expect(nats(50, slow)).toBeLessThan(3);
  expect(nats(150, slow)).toBeGreaterThan(8);
});

test("a pod that gets few requests may have a cold cache for long, whatever the time says", () => {
  const filling = (time: number) => Math.log(1 + 0.5 * Math.exp(-time / 600));

  expect(nats(300, filling)).toBeGreaterThan(8);
  expect(nats(300, filling, 2)).toBeLessThan(2);
  expect(nats(600, filling, 2)).toBeLessThan(2);
  expect(nats(300, () => Math.log(3), 2)).toBeGreaterThan(8);
});

test("a version that started well before is sooner found to be slow in a later step", () => {
  const mild = (_: number, age: number) => Math.log(1 + 0.15 * Math.exp(-age / 40));
  const late = (time: number, age: number) => mild(time, age) + (time >= 600 ? Math.log(1.5) : 0);
  const coldEachTime = (_: number, age: number) => Math.log(1 + Math.exp(-age / 50));

  expect(nats(600, mild)).toBeLessThan(0);
  expect(nats(670, late)).toBeGreaterThan(4.1);
  expect(nats(670, coldEachTime)).toBeLessThan(0);
  expect(nats(1200, coldEachTime)).toBeLessThan(2);
});

test("a version that takes minutes to warm up isn't slow, one that stays as slow is", () => {
  const warming = (time: number) => Math.log(1 + 1.5 * Math.exp(-time / 170));

  for (let seconds = 30; seconds <= 600; seconds += 30) expect(nats(seconds, warming)).toBeLessThan(2.5);
  expect(nats(240, () => Math.log(2.5))).toBeGreaterThan(8);
});

test("what had drifted apart already isn't held against what comes next", () => {
  const drifted = (time: number) => 0.05 * Math.min(1, time / 300);
  const more = (time: number) => drifted(time) + (time >= 600 ? 0.07 : 0);

  expect(nats(720, drifted)).toBeLessThan(0);
  expect(nats(720, more)).toBeLessThan(1);
});

test("a pod that pauses for two short windows isn't slow, one that goes on like this is", () => {
  const paused = (time: number) => (time >= 480 && time < 490 ? Math.log(1.3) : 0);
  const slow = (time: number) => (time >= 480 ? Math.log(1.3) : 0);

  for (const seconds of [490, 500, 520]) expect(nats(seconds, paused, 400, 5)).toBeLessThan(3);
  expect(nats(520, slow, 400, 5)).toBeGreaterThan(8);
});
