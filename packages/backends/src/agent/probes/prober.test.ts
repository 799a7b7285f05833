import type { Container, Probe } from "@sluice/api";
import { seconds, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { CheckResult } from "./check.ts";
import { Prober, type ProberOptions } from "./prober.ts";

const passed: CheckResult = { is: "passed" };
const failed: CheckResult = { is: "failed", message: "no" };

/** A container in virtual time whose answers the test changes. */
function watch(container: Partial<Container>, more: Partial<ProberOptions> = {}) {
  const clock = new VirtualClock();
  const begun = clock.now();
  const story: string[] = [];
  const at = () => `${(clock.now() - begun) / 1000}s`;
  const world = { answer: failed as CheckResult, listens: false, clock, story, asked: 0 };
  const prober: Prober = new Prober({
    container: { name: "main", ...container },
    clock,
    startedAt: begun,
    check: async () => {
      world.asked++;
      return world.answer;
    },
    listens: () => world.listens,
    onChange: () => story.push(`${at()} started ${prober.state.isStarted} ready ${prober.state.isReady}`),
    onFailure: () => {},
    onDead: (kind) => story.push(`${at()} dead ${kind}`),
    ...more,
  });
  prober.start();
  const run = (wait: number) =>
    clock.advance(seconds(wait), async () => void (await new Promise((resolve) => setImmediate(resolve))));
  return { ...world, world, prober, run, story };
}

const probe = (more: Probe = {}): Probe => ({ httpGet: { port: 80 }, periodSeconds: 10, failureThreshold: 3, ...more });

test("ready as soon as it answers, however long the period; unready after the threshold", async () => {
  const { world, run, story } = watch({ readinessProbe: probe() });

  await run(2);
  world.answer = passed;
  await run(60);
  world.answer = failed;
  await run(60);

  const [ready, unready] = story.map((line) => Number.parseFloat(line));
  expect(story.map((line) => line.replace(/^\S+ /, ""))).toEqual([
    "started true ready true",
    "started true ready false",
  ]);
  expect(ready).toBeLessThan(2.6);
  expect(unready! - 62).toBeGreaterThan(19);
  expect(unready! - 62).toBeLessThan(31);
});

test("the initial delay is kept", async () => {
  const { world, run, story } = watch({ readinessProbe: probe({ initialDelaySeconds: 5 }) });
  world.answer = passed;

  await run(4.9);
  expect(world.asked).toBe(0);
  await run(0.2);

  expect(story).toEqual(["5s started true ready true"]);
});

test("eager looks don't eat up a startup probe's failures", async () => {
  const { run, story } = watch({ startupProbe: probe({ failureThreshold: 3 }) });

  await run(19);
  expect(story).toEqual([]);
  await run(2);

  expect(story.map((line) => line.replace(/^\S+ /, ""))).toEqual(["dead startup"]);
});

test("liveness begins after startup, and kills after its threshold", async () => {
  const { world, run, story } = watch({
    startupProbe: probe(),
    livenessProbe: probe({ periodSeconds: 1, failureThreshold: 2 }),
  });

  await run(5);
  world.answer = passed;
  await run(5);
  world.answer = failed;
  await run(3);

  expect(story.map((line) => line.replace(/^\S+ /, ""))).toEqual(["started true ready true", "dead liveness"]);
});

test("declared ports without a readinessProbe: ready when the first listens, or after 10 s", async () => {
  const ports = [{ containerPort: 80 }];
  const first = watch({ ports });
  await first.run(1);
  first.world.listens = true;
  await first.run(1);
  const never = watch({ ports });
  await never.run(20);

  expect(Number.parseFloat(first.story[0]!)).toBeLessThan(1.6);
  expect(Number.parseFloat(never.story[0]!)).toBeGreaterThanOrEqual(10);
  expect(Number.parseFloat(never.story[0]!)).toBeLessThan(11);
  expect(watch({}).prober.state).toEqual({ isStarted: true, isReady: true });
});

test("a successor believes what was known, until the threshold says otherwise", async () => {
  const { prober, run } = watch(
    { readinessProbe: probe({ periodSeconds: 1 }) },
    { known: { isStarted: true, isReady: true } },
  );

  expect(prober.state.isReady).toBe(true);
  await run(1.5);
  expect(prober.state.isReady).toBe(true);
  await run(2);
  expect(prober.state.isReady).toBe(false);
});
