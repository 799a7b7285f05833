import { after, instant, millis, minutes, ratio, seconds, seededRandom } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import type { Verdict } from "../judge.ts";
import { placeboWindow } from "../noise/placebo.ts";
import type { JudgedRelease, JudgedWindow, VersionServed } from "../windows/window.ts";
import { decide } from "./decide.ts";
import { type Kpis, RecentKpis } from "./kpis.ts";
import { replaying } from "./replay.ts";
import { brokenRules, type Rule } from "./rules.ts";

const edges = [100, 200, 400];
const version = (fields: Partial<VersionServed>): VersionServed => ({
  requests: 1000,
  failures: 0,
  latencyCounts: [900, 90, 10, 0],
  endpoints: [],
  exposures: 0,
  conversions: 0,
  restarts: 0,
  pods: 2,
  ...fields,
});
const window = (at: number, canary: Partial<VersionServed>, stable?: Partial<VersionServed>): JudgedWindow => ({
  ends: millis(at * 1000),
  lasts: seconds(10),
  weight: ratio(0.2),
  step: 0,
  stepAge: millis(at * 1000),
  canary: version(canary),
  ...(stable === undefined ? {} : { stable: version(stable) }),
});

describe("the numbers that rules look at", () => {
  const recent = (...windows: JudgedWindow[]) => {
    const kpis = new RecentKpis(edges);
    for (const one of windows) kpis.add(one);
    return kpis;
  };

  test("rates and changes against the stable version", () => {
    const kpis = recent(
      window(10, { failures: 30, exposures: 100, conversions: 9 }, { failures: 10, exposures: 100, conversions: 10 }),
    ).now();

    expect(kpis).toMatchObject({ requests: 1000, errorRate: 3, stableErrorRate: 1, errorRateChange: 200 });
    expect(kpis.conversionChange).toBeCloseTo(-10);
  });

  test("p95 is interpolated within its bucket, as histogram_quantile does", () => {
    const slow = { latencyCounts: [500, 400, 100, 0] };
    const kpis = recent(window(10, slow, { latencyCounts: [900, 100, 0, 0] })).now();

    // 300 ms against 150 ms.
    expect(kpis.p95Change).toBeCloseTo(100);
  });

  test("only the last ten minutes count", () => {
    const kpis = recent(window(10, { failures: 500 }, {}), window(700, { failures: 0 }, {})).now();

    expect(kpis.errorRate).toBe(0);
  });

  test("windows without a stable version compare nothing, and what wasn't seen is undefined", () => {
    const kpis = recent(window(10, { failures: 100 })).now();

    expect(kpis).toMatchObject({ errorRate: 10, stableErrorRate: undefined, errorRateChange: undefined });
    expect(kpis.conversionChange).toBeUndefined();
    expect(kpis.memoryUsage).toBeUndefined();
  });

  test("memory grows from after the cold start on, and is used as far as its limit", () => {
    const kpis = recent(
      window(10, { memoryMax: 10 }, {}),
      window(130, { memoryMax: 100 }, {}),
      window(300, { memoryMax: 120 }, {}),
    ).now(150);

    expect(kpis.memoryGrowth).toBeCloseTo(20);
    expect(kpis.memoryUsage).toBeCloseTo(80);
  });
});

describe("rules", () => {
  const now = instant(1_000_000);
  const known: Kpis = {
    requests: 1000,
    errorRate: 6,
    stableErrorRate: 1,
    errorRateChange: 500,
    p95Change: 60,
    conversionChange: -12,
    memoryGrowth: 11,
    memoryUsage: 90,
  };
  const check = (rule: Partial<Rule>, kpis: Partial<Kpis> = {}, since: [string, ReturnType<typeof instant>][] = []) =>
    brokenRules(
      [{ name: "one", when: [{ signal: "errorRate", above: 5 }], action: "immediate_rollback", ...rule }],
      { kpis: { ...known, ...kpis }, metrics: new Map([["orders", 3]]), since: new Map(since) },
      now,
    );

  test.each([
    ["above its limit", {}, {}, 1],
    ["at its limit", {}, { errorRate: 5 }, 0],
    ["below", { when: [{ signal: "conversionChange", below: -10 }] }, {}, 1],
    [
      "both must hold",
      {
        when: [
          { signal: "memoryUsage", above: 85 },
          { signal: "memoryGrowth", above: 50 },
        ],
      },
      {},
      0,
    ],
    ["nothing was seen", {}, { errorRate: undefined }, 0],
    ["too few requests", {}, { requests: 99 }, 0],
    ["as few as it asks for", { minimumRequests: 10 }, { requests: 10 }, 1],
    ["a metric of its own", { when: [{ signal: "metric", metric: "orders", below: 5 }] }, {}, 1],
    ["a metric that wasn't answered", { when: [{ signal: "metric", metric: "other", below: 5 }] }, {}, 0],
  ] as const)("%s", (_title, rule, kpis, count) => {
    expect(check(rule as Partial<Rule>, kpis)).toHaveLength(count);
  });

  test("a scheduled rollback is due once it has held for its validation", () => {
    const rule = { action: "scheduled_rollback", validationSeconds: 60 } as const;

    expect(check(rule)[0]).toMatchObject({ isDue: false, since: now });
    expect(check(rule, {}, [["one", after(now, millis(-59_000))]])[0]?.isDue).toBe(false);
    expect(check(rule, {}, [["one", after(now, millis(-60_000))]])[0]?.isDue).toBe(true);
  });

  test("what the stable version suffers as well asks a person instead", () => {
    expect(check({}, { stableErrorRate: 7 })[0]).toMatchObject({
      action: "alert_human",
      message: "error rate 6 %, above 5 %; the stable version fails as well (7 %)",
    });
  });
});

describe("what follows from all that is known", () => {
  const verdict = (action: "continue" | "monitor" | "rollback", ...proven: Verdict["proven"]) => ({
    action,
    because: "so the judge",
    proven,
  });
  const broken = (action: Rule["action"], isDue = true, signal: Rule["when"][number]["signal"] = "errorRate") => ({
    name: "r",
    action,
    signals: [signal],
    since: instant(0),
    message: "m",
    isDue,
  });

  test.each([
    ["the judge alone", { verdict: verdict("rollback"), broken: [] }, "rollback", "judge"],
    ["the gravest wins", { verdict: verdict("monitor"), broken: [broken("alert_human")] }, "alert", "r"],
    [
      "a tie goes to the rule",
      { verdict: verdict("rollback"), broken: [broken("immediate_rollback")] },
      "rollback",
      "r",
    ],
    ["not yet due", { verdict: verdict("continue"), broken: [broken("scheduled_rollback", false)] }, "monitor", "r"],
    ["due", { verdict: verdict("continue"), broken: [broken("scheduled_rollback")] }, "rollback", "r"],
    [
      "conversions, of which a rule asks a person",
      { verdict: verdict("rollback", "conversions"), broken: [broken("alert_human", true, "conversionChange")] },
      "alert",
      "r",
    ],
    [
      "conversions and failures",
      {
        verdict: verdict("rollback", "conversions", "failures"),
        broken: [broken("alert_human", true, "conversionChange")],
      },
      "rollback",
      "judge",
    ],
    [
      "conversions, of which no rule asks",
      { verdict: verdict("rollback", "conversions"), broken: [broken("alert_human")] },
      "rollback",
      "judge",
    ],
    ["a rule that says continue", { verdict: verdict("rollback"), broken: [broken("continue")] }, "rollback", "judge"],
    [
      "a sure model, new",
      { verdict: verdict("continue"), broken: [], prediction: { probability: 0.95 } },
      "monitor",
      "model",
    ],
    [
      "a sure model, validated",
      { verdict: verdict("continue"), broken: [], prediction: { probability: 0.95 }, isPredictionValidated: true },
      "rollback",
      "model",
    ],
    [
      "instead of the judge",
      { verdict: verdict("rollback"), broken: [], prediction: { probability: 0.1 }, use: "instead" },
      "continue",
      "model",
    ],
    [
      "instead, but without an answer",
      { verdict: verdict("rollback"), broken: [], use: "instead" },
      "rollback",
      "judge",
    ],
  ] as const)("%s", (_title, heard, action, decidedBy) => {
    expect(decide(heard)).toMatchObject({ action, decidedBy });
  });
});

describe("a placebo", () => {
  test("two halves add up to the whole, and neither has more failures than requests", () => {
    const random = seededRandom(3);
    const served = version({
      requests: 501,
      failures: 40,
      exposures: 90,
      conversions: 9,
      latencyCounts: [400, 80, 20, 1],
    });

    for (let round = 0; round < 200; round++) {
      const { first, second } = placeboWindow(served, minutes(1), random);
      expect(first.requests + second.requests).toBe(501);
      expect(first.failures + second.failures).toBe(40);
      expect(first.conversions + second.conversions).toBe(9);
      expect(first.exposures + second.exposures).toBe(90);
      for (const half of [first, second]) {
        expect(half.failures).toBeLessThanOrEqual(half.requests);
        expect(half.conversions).toBeLessThanOrEqual(half.exposures);
        expect(Math.min(...half.latencyCounts)).toBeGreaterThanOrEqual(0);
      }
    }
  });
});

describe("a past release judged again", () => {
  const release: JudgedRelease = {
    plan: [{ weight: ratio(0.2), lasts: minutes(10) }],
    bucketEdgesMs: edges,
    history: Array.from({ length: 30 }, () => ({
      lasts: minutes(1),
      first: version({ failures: 3 }),
      second: version({ failures: 3 }),
    })),
    names: { beganAt: instant(0) },
  };
  const windows = Array.from({ length: 30 }, (_, index) =>
    window((index + 1) * 10, { requests: 300, failures: index < 10 ? 1 : 12 }, { requests: 1200, failures: 4 }),
  );

  const replayed = (rules: readonly Rule[] = []) => {
    const again = replaying(release, { rules });
    return windows.map((window) => again(window));
  };

  test("brings the same verdicts, twice", () => {
    const actions = () => replayed().map(({ action, nats }) => [action, nats]);

    expect(actions()).toEqual(actions());
    expect(actions().some(([action]) => action === "rollback")).toBe(true);
  });

  test("tells what another policy would have done", () => {
    const rules: Rule[] = [
      { name: "strict", when: [{ signal: "errorRate", above: 0.5 }], action: "immediate_rollback" },
    ];
    const first = (rulings: ReturnType<typeof replayed>) =>
      rulings.findIndex(({ ruling }) => ruling.action === "rollback");

    expect(first(replayed(rules))).toBeLessThan(first(replayed()));
  });
});
