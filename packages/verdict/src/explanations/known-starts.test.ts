import { expect, test } from "vitest";
import type { KnownStarts } from "../windows/window.ts";
import { coldShapes } from "./cold-start.ts";
import { learnedFrom, type SeenStart, surprisesOf, usable } from "./known-starts.ts";

const curve = (rise: number, fadeSeconds: number, time: number): number =>
  Math.log(1 + rise * Math.exp(-time / fadeSeconds));

/** A start as the canary of a busy service shows it: noise of 3 % in each of 60 windows; `noise`: of a quiet one's. */
function seen(rise: number, fadeSeconds: number, noise = 0.03): SeenStart {
  const misfits = coldShapes.map((shape) => {
    let squares = 0;
    for (let time = 5; time < 600; time += 10) {
      // What fills with requests does so here within 8 minutes.
      const fade = "seconds" in shape.fade ? shape.fade.seconds : 480;
      squares += (curve(rise, fadeSeconds, time) - curve(shape.rise, fade, time)) ** 2;
    }
    return squares / (2 * noise ** 2);
  });
  const least = Math.min(...misfits);
  return { slower: misfits.map((misfit) => misfit - least), failing: { mild: 0, wild: 6 } };
}

function after(releases: readonly SeenStart[]): KnownStarts | undefined {
  return releases.reduce<KnownStarts | undefined>(learnedFrom, undefined);
}

/** Nats by which such a start is unusual. */
function surprise(known: KnownStarts | undefined, rise: number, fadeSeconds: number): number {
  const shape = coldShapes.findIndex(
    ({ rise: one, fade }) => one === rise && "seconds" in fade && fade.seconds === fadeSeconds,
  );
  return surprisesOf(known).slower[shape] as number;
}

const quick = seen(0.15, 38);
const warming = seen(1.2, 160);

test("where every release started fast, a slow start is rarer, by as much as so many releases can tell", () => {
  const anywhere = surprise(undefined, 1.2, 160);

  expect(surprise(after([quick]), 1.2, 160) - anywhere).toBeCloseTo(Math.log(2), 1);
  expect(surprise(after(Array(100).fill(quick)), 1.2, 160) - anywhere).toBeCloseTo(Math.log(5), 1);
  expect(surprise(after(Array(100).fill(quick)), 0.15, 38)).toBeLessThan(0.1);
});

test("where releases take minutes to warm up, that is no rarity any more, nor is what comes near", () => {
  expect(surprise(undefined, 1.2, 160)).toBeGreaterThan(3);
  expect(surprise(after([warming]), 1.2, 160)).toBeLessThan(0.8);
  expect(surprise(after([warming, warming, warming]), 1.2, 160)).toBeLessThan(0.4);
  expect(surprise(after([warming, warming, warming]), 1.7, 160)).toBeLessThan(surprise(undefined, 1.7, 160) - 1.5);
  expect(surprise(after([warming, warming, warming]), 0.8, 115)).toBeLessThan(1);
});

test("a service that changed is believed soon", () => {
  const known = after([...Array(50).fill(quick), warming, warming, warming]);

  expect(surprise(known, 1.2, 160)).toBeLessThan(1);
});

test("a release that shows nothing of its start teaches nothing", () => {
  const nothing = seen(0, 38, 1e6);
  const known = after([quick, quick, warming]);

  expect([...surprisesOf(after([nothing, nothing])).slower]).toEqual(
    coldShapes.map((shape) => expect.closeTo(shape.surprise, 3)),
  );
  const before = surprisesOf(known).slower;
  const next = surprisesOf(after([quick, quick, warming, nothing])).slower;
  expect(Math.max(...before.map((nats, shape) => Math.abs(nats - (next[shape] as number))))).toBeLessThan(0.01);
});

test("starts full of failures are as usual as they were", () => {
  const failing: SeenStart = { ...quick, failing: { mild: 9, wild: 0 } };

  expect(surprisesOf(undefined).failing).toBe(2.5);
  expect(surprisesOf(after([quick, quick, quick])).failing).toBeGreaterThan(3.5);
  expect(surprisesOf(after([failing, failing])).failing).toBeLessThan(0.6);
});

test("what a judge with other starts learned says nothing to this one", () => {
  expect(usable({ releases: 3, slower: [1, 0.5], failing: 0.1 })).toBeUndefined();
  expect(usable(after([quick]))).toBeDefined();
  expect(usable(undefined)).toBeUndefined();
});

test("what a file was made into ends no judge", () => {
  const known = after([quick]) as KnownStarts;
  const broken = [
    {},
    null,
    { ...known, slower: null },
    { ...known, releases: "many" },
    { ...known, failing: Number.NaN },
  ];

  for (const one of broken) expect(usable(one as unknown as KnownStarts)).toBeUndefined();
  expect(usable({ ...known, slower: known.slower.map(() => -1) })).toBeUndefined();
});
