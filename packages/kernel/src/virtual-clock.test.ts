import { expect, test } from "vitest";
import { hours, millis, minutes, seconds } from "./units.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("a wall clock that is set keeps its step, and no timer comes early or late by it", async () => {
  const clock = new VirtualClock();
  const start = clock.now();
  const rang: [string, number, number][] = [];
  const ring = (name: string) => () => rang.push([name, clock.elapsed, clock.now() - start]);
  clock.after(seconds(10), ring("before the step"));

  await clock.advance(seconds(4));
  clock.jump(minutes(5));
  clock.after(seconds(10), ring("after the step"));
  await clock.advance(minutes(1));

  expect(rang).toEqual([
    ["before the step", seconds(10), seconds(310)],
    ["after the step", seconds(14), seconds(314)],
  ]);
  expect(clock.elapsed).toBe(seconds(64));
  expect(clock.now() - start).toBe(seconds(364));
});

test("a clock that is set back goes on from there, and its next timer is told by it", async () => {
  const clock = new VirtualClock();
  const start = clock.now();
  let rang = 0;
  clock.after(minutes(1), () => rang++);

  clock.jump(millis(-hours(2)));

  expect((clock.nextDue() ?? 0) - clock.now()).toBe(minutes(1));
  await clock.advance(minutes(1));
  expect(rang).toBe(1);
  expect(clock.now() - start).toBe(minutes(1) - hours(2));
});

test("timers of one instant run in the order in which they were set, whoever cancels whom", async () => {
  const clock = new VirtualClock();
  const rang: number[] = [];
  const timers = [3, 1, 2].map((name) => clock.after(seconds(1), () => rang.push(name)));
  timers[1]?.cancel();

  await clock.advance(seconds(1));

  expect(rang).toEqual([3, 2]);
  expect(clock.nextDue()).toBeUndefined();
});
