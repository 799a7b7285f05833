import { millis, type Random, ratio, seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createJudge, type JudgedRelease, type JudgeOptions, type Verdict, type VersionServed } from "../index.ts";
import { inputNames } from "./inputs.ts";
import type { TreeModel } from "./trees.ts";

const edges = [10, 20, 40, 80, 160, 320, 640];

/** Fails by `failing`, is `slower` times as slow: 40 ms in the middle, on one endpoint. */
function serve(random: Random, requests: number, failing: number, slower: number): VersionServed {
  const latencyCounts = new Array<number>(edges.length + 1).fill(0);
  let failures = 0;
  for (let request = 0; request < requests; request++) {
    if (random.next() < failing) failures++;
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    const bucket = edges.findIndex((edge) => 40 * slower * Math.exp(0.6 * normal) <= edge);
    const at = bucket < 0 ? edges.length : bucket;
    latencyCounts[at] = (latencyCounts[at] ?? 0) + 1;
  }
  const served = { requests, failures, latencyCounts };
  return { ...served, endpoints: [served], exposures: requests, conversions: 0, restarts: 0, pods: 4 };
}

interface Told {
  readonly failing?: number;
  readonly slower?: (time: number) => number;
  readonly options?: JudgeOptions;
  readonly windows?: number;
}

/** A tenth of 100 requests a second for ten minutes; the verdicts up to a rollback. */
function release({ failing = 0.004, slower = () => 1, options = {}, windows = 60 }: Told): readonly Verdict[] {
  const random = seededRandom(3);
  const released: JudgedRelease = {
    plan: [
      { weight: ratio(0.1), lasts: millis(600_000) },
      { weight: ratio(0.9), lasts: millis(600_000) },
    ],
    bucketEdgesMs: edges,
    history: Array.from({ length: 25 }, () => ({
      lasts: millis(60_000),
      first: serve(random, 3000, 0.004, 1),
      second: serve(random, 3000, 0.004, 1),
    })),
  };
  const judge = createJudge(released, undefined, options);
  const verdicts: Verdict[] = [];
  for (let window = 1; window <= windows && verdicts.at(-1)?.action !== "rollback"; window++) {
    verdicts.push(
      judge.observe({
        ends: millis(window * 10_000),
        lasts: millis(10_000),
        weight: ratio(0.1),
        step: 0,
        stepAge: millis(window * 10_000),
        canary: serve(random, 100, failing, slower(window * 10)),
        stable: serve(random, 900, 0.004, 1),
      }),
    );
  }
  return verdicts;
}

const leaves = (score: number, sure: number): TreeModel => ({
  version: 1,
  inputs: inputNames,
  base: score,
  sure,
  sureAtOnce: sure + 100,
  suspicious: sure,
  trees: [],
});
const certain = leaves(9, 5);
const doubtful = leaves(-9, 5);

test("a model that is sure ends a release before it is proven, and the sentence says so", () => {
  const proven = release({ failing: 0.03, options: { learned: "off" } });
  const learned = release({ failing: 0.03, options: { learned: certain } });

  expect(learned.at(-1)?.action).toBe("rollback");
  expect(learned.at(-1)?.score).toBeGreaterThan(9);
  expect(learned.length).toBeLessThan(proven.length);
  expect(learned.at(-1)?.because).toMatch(/fails? .* on the new version against .*not proven by this alone/);
  expect(learned.at(-1)?.confidence).toBeGreaterThan(0.999);
});

test("being sure for one look isn't enough, unless it is very sure", () => {
  const patient = release({ failing: 0.3, options: { learned: certain }, windows: 1 });
  const hasty = release({ failing: 0.3, options: { learned: { ...certain, sureAtOnce: 8 } }, windows: 1 });

  expect(patient).toHaveLength(1);
  expect(hasty[0]?.action).toBe("rollback");
});

test("a model in doubt never silences proof", () => {
  const proven = release({ failing: 0.1, options: { learned: "off" } });
  const doubted = release({ failing: 0.1, options: { learned: doubtful } });

  expect(proven.at(-1)?.action).toBe("rollback");
  expect(doubted).toHaveLength(proven.length);
  expect(doubted.at(-1)?.because).toBe(proven.at(-1)?.because);
});

test("a model that is sure of everything ends nothing without evidence", () => {
  const verdicts = release({ options: { learned: certain }, failing: 0.002 });

  const without = verdicts.filter(({ score }) => score === undefined);
  expect(without.length).toBeGreaterThan(5);
  expect(without.every(({ action }) => action === "continue")).toBe(true);
});

test("a model for other inputs is refused, not guessed at", () => {
  const foreign = { ...certain, inputs: ["latency"] };

  expect(() => release({ options: { learned: foreign } })).toThrow("learned model: inputs");
});

test("what is shipped sees a slow version no later than proof alone, and lets a cold start pass", () => {
  const slow = () => 1.5;
  const cold = (time: number) => 1 + 0.9 * Math.exp(-time / 45);

  const shipped = release({ slower: slow });
  const proven = release({ slower: slow, options: { learned: "off" } });
  const starting = release({ slower: cold });

  expect(shipped.at(-1)?.action).toBe("rollback");
  expect(shipped.length).toBeLessThanOrEqual(proven.length);
  expect(starting.every(({ action }) => action !== "rollback")).toBe(true);
});

test("the same windows bring the same scores", () => {
  const once = release({ failing: 0.006, options: { learned: doubtful } });
  const again = release({ failing: 0.006, options: { learned: doubtful } });

  expect(once.some(({ score }) => score !== undefined)).toBe(true);
  expect(again).toEqual(once);
});
