import { instant, millis, type Random, ratio, seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createJudge, type JudgedRelease, type JudgeOptions, type Verdict, type VersionServed } from "../index.ts";
import { decide } from "../policy/decide.ts";
import { leastNats, mostNats, rollbackNats } from "./bar.ts";
import { inputNames } from "./inputs.ts";
import type { TreeModel } from "./trees.ts";

const edges = [10, 20, 40, 80, 160, 320, 640];

/** Fails by `failing`, is `slower` times as slow: 40 ms in the middle, on one endpoint. */
function serve(random: Random, requests: number, failing: number, slower: number, converting = 0): VersionServed {
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
  const conversions = Math.round(converting * requests);
  return { ...served, endpoints: [served], exposures: requests, conversions, restarts: 0, pods: 4 };
}

interface Told {
  readonly failing?: number;
  readonly slower?: (time: number) => number;
  /** The share of its requests that convert, and of the stable version's. */
  readonly converting?: readonly [number, number];
  readonly options?: JudgeOptions;
  readonly windows?: number;
  /** Of ten seconds. */
  readonly requests?: number;
  readonly next?: number;
}

/** A tenth of 100 requests a second for ten minutes; the verdicts up to a rollback. */
function release({
  failing = 0.004,
  slower = () => 1,
  converting = [0, 0],
  options = {},
  windows = 60,
  requests = 1000,
  next = 0.9,
}: Told): readonly Verdict[] {
  const random = seededRandom(3);
  const released: JudgedRelease = {
    plan: [
      { weight: ratio(0.1), lasts: millis(600_000) },
      { weight: ratio(next), lasts: millis(600_000) },
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
        canary: serve(random, requests / 10, failing, slower(window * 10), converting[0]),
        stable: serve(random, 0.9 * requests, 0.004, 1, converting[1]),
      }),
    );
  }
  return verdicts;
}

const leaves = (base: number): TreeModel => ({
  version: 2,
  inputs: inputNames,
  parts: { slowness: { base, neutral: 0, trees: [] } },
});
const certain = leaves(99);
const doubtful = leaves(-99);

const slow = () => 1.25;

test("a model that is certain ends a release before it is proven, and the sentence says so", () => {
  const proven = release({ slower: slow, options: { learned: "off" } });
  const learned = release({ slower: slow, options: { learned: certain } });

  expect(learned.at(-1)?.action).toBe("rollback");
  expect(learned.at(-1)?.nats).toBeLessThan(rollbackNats);
  expect(learned.length).toBeLessThan(proven.length);
  expect(learned.at(-1)?.because).toMatch(/is \d+ % slower than .*not proven by this alone/);
  expect(learned.at(-1)?.confidence).toBeGreaterThan(0.998);
});

test("however certain a model is, nothing ends on less evidence than a person must be shown", () => {
  const certainly = release({ slower: slow, options: { learned: certain } });
  const harmless = release({ failing: 0.002, options: { learned: certain } });

  expect(certainly.at(-1)?.nats).toBeGreaterThanOrEqual(leastNats);
  expect(harmless.every(({ action }) => action === "continue")).toBe(true);
});

test("a model in doubt asks for more evidence, and what is beyond all doubt ends the release", () => {
  const proven = release({ slower: slow, options: { learned: "off" } });
  const doubted = release({ slower: slow, options: { learned: doubtful } });

  const [kept] = doubted.filter(({ nats }) => nats >= rollbackNats);
  expect(kept).toMatchObject({ action: "continue", bar: mostNats });
  expect(kept?.because).toContain("good ones went like this");
  expect(doubted.length).toBeGreaterThan(proven.length);
  expect(doubted.at(-1)?.action).toBe("rollback");
  expect(doubted.at(-1)?.nats).toBeGreaterThanOrEqual(mostNats);
  expect(doubted.at(-1)?.because).toContain("not explained by noise");
});

test("conversions that are proven beside a slowness which a model doubts are a person's, where a rule asks one", () => {
  const verdict = release({ slower: () => 1.2, converting: [0.065, 0.1], options: { learned: doubtful } }).at(-1);

  // The slowness is the stronger evidence, and its bar another.
  expect(verdict).toMatchObject({ action: "rollback", bar: mostNats });
  const signals = ["conversionChange"] as const;
  const rule = { name: "r", action: "alert_human", since: instant(0), signals, message: "m", isDue: true } as const;
  expect(verdict && decide({ verdict, broken: [rule] })).toMatchObject({ action: "alert" });
});

test("of a family that it doesn't know a model has no say", () => {
  const proven = release({ failing: 0.03, options: { learned: "off" } });

  for (const learned of [certain, doubtful]) {
    expect(release({ failing: 0.03, options: { learned } }).map(({ action }) => action)).toEqual(
      proven.map(({ action }) => action),
    );
  }
});

test.each([
  ["takes for good goes on", -2, "continue"],
  ["can't tell is ended", 0, "rollback"],
] as const)("after all waiting a slowness that a model %s", (_, base, action) => {
  const learned: TreeModel = { ...certain, parts: { slowness: { base, neutral: base, trees: [] } } };

  const waited = release({ slower: () => 1.25, requests: 40, next: 1, windows: 260, options: { learned } });

  expect(waited.filter((verdict) => verdict.action === "monitor")).toHaveLength(160);
  expect(waited.at(-1)).toMatchObject({ action, bar: rollbackNats });
});

test("a model for other inputs is refused, not guessed at", () => {
  const foreign = { ...certain, inputs: ["latency"] };

  expect(() => release({ options: { learned: foreign } })).toThrow("learned model: inputs");
});

test("what is shipped takes a slow version back within half a minute of proof, and lets a cold start pass", () => {
  const cold = (time: number) => 1 + 0.9 * Math.exp(-time / 45);

  const shipped = release({ slower: () => 1.5 });
  const proven = release({ slower: () => 1.5, options: { learned: "off" } });
  const starting = release({ slower: cold });

  expect(shipped.at(-1)?.action).toBe("rollback");
  expect(shipped.length - proven.length).toBeLessThanOrEqual(3);
  expect(starting.every(({ action }) => action !== "rollback")).toBe(true);
});

test("the same windows bring the same bars", () => {
  const once = release({ slower: slow, options: { learned: doubtful } });
  const again = release({ slower: slow, options: { learned: doubtful } });

  expect(once.some(({ bar }) => bar !== rollbackNats)).toBe(true);
  expect(again).toEqual(once);
});
