import { describe, expect, test } from "vitest";
import {
  byVersion,
  checks,
  hash,
  lint,
  pooled,
  type RolloutParts,
  rollout,
  routing,
  rulesOf,
  service,
} from "../shop.fixture.ts";

describe("a query that counts stable and canary together", () => {
  const said = (parts: RolloutParts, template: Parameters<typeof checks>[0] = {}) =>
    lint(rollout(parts), checks(template))
      .filter(({ rule }) => rule === "pooled-query")
      .map(({ what }) => what.slice(what.indexOf("together")));

  test("says how bad a canary may be", () => {
    expect(said({})).toEqual([
      "together: at 10 % weight a canary failing 50 % of its requests passes all 3 measurements in steady state",
    ]);
  });

  test("the number follows the weight and the threshold", () => {
    expect(said({ steps: "[{setWeight: 20}, {pause: {duration: 10m}}]" }, { condition: "result[0] >= 0.99" })).toEqual([
      "together: at 20 % weight a canary failing 5 % of its requests passes all 3 measurements in steady state",
    ]);
  });

  test("a small weight hides everything", () => {
    expect(said({ steps: "[{setWeight: 1}, {pause: {duration: 10m}}]" })).toEqual([
      "together: at 1 % weight a canary failing every request passes all 3 measurements in steady state",
    ]);
  });

  test("a window that reaches back to smaller weights hides more", () => {
    const steps = "[{setWeight: 5}, {pause: {duration: 2m}}, {setWeight: 10}, {pause: {duration: 5m}}]";
    const query = pooled.replaceAll("[1m]", "[5m]");

    expect(said({ steps, startingStep: 2 }, { query, count: 5 })).toEqual([
      "together: at 10 % weight a canary failing 50 % of its requests passes all 5 measurements in steady state, and 55 % over the 5m window, which reaches back to smaller weights",
    ]);
  });

  test("percent, error shares and quantiles", () => {
    const errors = pooled.replace("!~", "=~");
    const slow =
      'histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{service="{{args.service}}"}[1m])) by (le)) * 1000';

    expect(said({}, { query: `(${pooled}) * 100`, condition: "result[0] > 98" })[0]).toContain("failing 20 % of its");
    expect(said({}, { query: `1 - (${pooled})`, condition: "result[0] < 0.03" })[0]).toContain("failing 30 % of its");
    expect(said({}, { query: errors, condition: "result[0] <= 0.01" })[0]).toContain("failing 10 % of its");
    expect(said({}, { query: slow, condition: "result[0] <= 500" })[0]).toContain("with 10 % of its requests too slow");
  });

  test("a query by version, or of the canary's own Service, is none", () => {
    const own = rollout({ args: "[{name: service, value: shop-canary}]" }).replace(
      "      steps:",
      "      canaryService: shop-canary\n      stableService: shop\n      steps:",
    );

    expect(
      said(
        { args: `[{name: service, value: shop}, ${hash}]` },
        { query: byVersion, args: "[{name: service}, {name: hash}]" },
      ),
    ).toEqual([]);
    expect(lint(own, checks()).filter(({ rule }) => rule === "pooled-query")).toEqual([]);
  });
});

test("only 2xx as success", () => {
  const findings = lint(checks({ query: pooled.replace('code!~"5.."', 'code=~"2.."') }));

  expect(findings).toMatchObject([{ rule: "only-2xx", severity: "warning", repair: 'use code!~"5.."' }]);
});

const withoutZero = pooled.replace("(", "").replace(" or vector(0))", "");
const failing = (query: string): string => query.replace('code!~"5.."', 'code=~"5.."');
test.each([
  ["a share of errors", failing(withoutZero), "result[0] <= 0.05", ["empty-without-errors"]],
  ["one that is 0 where there is none", failing(pooled), "result[0] <= 0.05", []],
  ["one whose condition knows of no answer", failing(withoutZero), "len(result) == 0 || result[0] <= 0.05", []],
  ["a share of successes", withoutZero, "result[0] >= 0.95", ["empty-without-successes"]],
  ["one that is 0 where nothing succeeds", pooled, "result[0] >= 0.95", []],
])("no answer without an error, or without a success: %s", (_, query, condition, expected) => {
  const found = lint(checks({ query, condition })).filter(({ rule }) => rule.startsWith("empty-without"));

  expect(found.map(({ rule }) => rule)).toEqual(expected);
});

test.each([
  [
    "more traffic than pods",
    "[{setCanaryScale: {weight: 40}}, {setWeight: 25}, {setWeight: 100}]",
    ["setWeight: 100 after a scale of 40 %"],
  ],
  [
    "pods that follow again",
    "[{setCanaryScale: {weight: 40}}, {setCanaryScale: {matchTrafficWeight: true}}, {setWeight: 100}]",
    [],
  ],
  ["a number of pods", "[{setCanaryScale: {replicas: 1}}, {setWeight: 100}]", []],
  ["no scale", "[{setWeight: 100}]", []],
  ["no pods at all", "[{setCanaryScale: {replicas: 0}}, {setWeight: 25}]", ["setWeight: 25 after a scale of 0"]],
  ["no weight of pods", "[{setCanaryScale: {weight: 0}}, {setWeight: 25}]", ["setWeight: 25 after a scale of 0"]],
  ["no pods any more", "[{setWeight: 25}, {setCanaryScale: {replicas: 0}}]", ["a scale of 0 after setWeight: 25"]],
  ["neither pods nor traffic", "[{setWeight: 25}, {setWeight: 0}, {setCanaryScale: {replicas: 0}}, {pause: {}}]", []],
])("a scale of the canary that holds: %s", (_, steps, expected) => {
  const findings = lint(service(), routing, rollout({ steps }), checks()).filter(
    ({ rule }) => rule === "overloaded-canary" || rule === "weight-without-pods",
  );

  expect(findings.map(({ found }) => found)).toEqual(expected);
});

test.each([
  [
    "before any traffic",
    "[{setCanaryScale: {weight: 40}}, {setWeight: 25}, {pause: {}}]",
    0,
    ["write startingStep: 2"],
  ],
  ["with the first weight", "[{setWeight: 25}, {pause: {}}]", 0, []],
  ["after it", "[{setCanaryScale: {weight: 40}}, {setWeight: 25}, {pause: {}}]", 2, []],
  [
    "of steps that are two",
    "[{setWeight: 25, setCanaryScale: {weight: 40}}, {pause: {}}]",
    0,
    ["write startingStep: 2"],
  ],
])("an analysis that begins %s", (_, steps, startingStep, expected) => {
  const findings = lint(service(), routing, rollout({ steps, startingStep }), checks());

  expect(findings.filter(({ rule }) => rule === "analysis-before-traffic").map(({ repair }) => repair)).toEqual(
    expected,
  );
});

test("conditions", () => {
  expect(rulesOf(checks({ condition: "result[0] >=" }))).toEqual(["11:25 bad-condition"]);
  expect(rulesOf(checks({ more: "failureCondition: result[0] < 0.9" }))).toEqual(["12:25 inconclusive-band"]);
  expect(rulesOf(checks({ more: "failureCondition: result[0] < 0.97" }))).toEqual(["12:25 overlapping-conditions"]);
  expect(rulesOf(checks({ query: "sum(rate(x)" }).replace("[{name: service}]", "[]"))).toEqual(["16:18 bad-query"]);
});
