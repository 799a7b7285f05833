import type { AnalysisRun, EvidencePolicy, JudgementSpec, Resource, Rollout } from "@sluice/api";
import { Fault, type TaskWork } from "@sluice/kernel";
import { expect, test } from "vitest";
import { canary } from "../../rehearsal.fixture.ts";
import type { Ask } from "./ask.ts";
import { askOf } from "./meaning.ts";
import type { Objects } from "./world.ts";

const world = (...objects: readonly Resource[]) =>
  new Map(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));

const meaningIn = (does: Ask["does"], work: TaskWork, objects: Objects) =>
  askOf(does, work, canary() as Rollout, objects).meaningOf;

const query = "failures";
const run: AnalysisRun = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: { name: "web" },
  spec: {
    args: [{ name: "what", value: query }],
    metrics: [
      {
        name: "failures",
        successCondition: "result[0] < 0.05",
        failureCondition: "result[0] > 0.1",
        provider: { prometheus: { address: "http://prometheus:9090", query: "{{args.what}}" } },
      },
    ],
  },
};

const always = { successCondition: "true", failureCondition: "false" };

const answer = (value: number) =>
  meaningIn(
    "queryPrometheus",
    { do: "queryPrometheus", query },
    world(run),
  )({
    is: "done",
    result: { value: `[${value}]`, parsed: [value] },
  });

test("answers mean the same where the conditions say the same of them, and one of nothing is no other", () => {
  expect(answer(0.01)).toBeDefined();
  expect(answer(0.02)).toBe(answer(0.01));
  expect(answer(0.07)).not.toBe(answer(0.01));
  expect(answer(0.2)).not.toBe(answer(0.07));
  expect(new Set([answer(Number.NaN), answer(0.01), answer(0.07), answer(0.2)]).size).toBe(4);
});

test("an answer of nothing means what it says: people are told it", () => {
  const lenient = {
    ...run,
    spec: { ...run.spec, metrics: run.spec.metrics.map((metric) => ({ ...metric, ...always })) },
  };
  const of = (value: string, parsed: unknown) =>
    meaningIn(
      "queryPrometheus",
      { do: "queryPrometheus", query },
      world(lenient),
    )({
      is: "done",
      result: { value, parsed },
    });

  expect(of("[NaN]", [Number.NaN])).toBe(of("[NaN]", [Number.NaN]));
  expect(of("[NaN]", [Number.NaN])).not.toBe(of("[]", []));
});

test("where a run with a Secret may be who asks, another that asks the same says nothing of it", () => {
  const secret: AnalysisRun = {
    ...run,
    metadata: { name: "other" },
    spec: {
      ...run.spec,
      args: [...(run.spec.args ?? []), { name: "token", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }],
      metrics: run.spec.metrics.map((metric) => ({ ...metric, successCondition: "result[0] < 0.01" })),
    },
  };
  const meaning = meaningIn("queryPrometheus", { do: "queryPrometheus", query }, world(run, secret));

  expect(meaning({ is: "done", result: { value: "[0.02]", parsed: [0.02] } })).toBeUndefined();
});

test("an answer that no run asked for, or one with a Secret, means something only to this release", () => {
  const secret: AnalysisRun = {
    ...run,
    spec: { ...run.spec, args: [{ name: "what", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }] },
  };
  for (const objects of [world(), world(secret)]) {
    const meaning = meaningIn("queryPrometheus", { do: "queryPrometheus", query }, objects);
    expect(meaning({ is: "done", result: { value: "[1]", parsed: [1] } })).toBeUndefined();
  }
});

test("a refusal means what it says", () => {
  const meaning = meaningIn("queryPrometheus", { do: "queryPrometheus", query }, world(run));
  const refused = (message: string) => meaning({ is: "refused", cause: new Fault("unavailable", message) });

  expect(refused("no metrics")).toBe(refused("no metrics"));
  expect(refused("no metrics")).not.toBe(refused("no route"));
});

test("requests are counted only where so many are asked for", () => {
  const policy = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "EvidencePolicy",
    metadata: { name: "some" },
    spec: { minimumRequests: 100 },
  } as EvidencePolicy;
  const of = (requests: number, ...objects: readonly Resource[]) =>
    meaningIn("canaryTraffic", { do: "canaryTraffic" }, world(...objects))({ is: "done", result: { requests } });

  expect(of(5)).toBe(of(50));
  expect(of(0)).not.toBe(of(5));
  expect(of(5, policy)).toBeUndefined();
});

const kpis = { requests: 5000, errorRate: 1, stableErrorRate: 1 };
const verdict = (said: object = {}, spec: Partial<JudgementSpec> = {}, seen: object = {}) =>
  meaningIn(
    "judgeWindows",
    { do: "judgeWindows", spec },
    world(),
  )({
    is: "done",
    result: {
      windows: 3,
      verdict: { action: "continue", suspects: false, requests: 10, ...said },
      kpis: { ...kpis, ...seen },
      metrics: {},
    },
  });

test("that all is well has no figures", () => {
  expect(verdict()).toBeDefined();
  expect(verdict({ requests: 20, confidence: 0.9 })).toBe(verdict());
});

test.each([
  ["a doubt", { suspects: true }, {}, {}],
  ["a word to a person", { action: "alert" }, {}, {}],
  ["a bad verdict", { action: "rollback" }, {}, {}],
  ["a comparison with before", {}, { comparedWith: "before" as const }, {}],
  ["a model's say", {}, { model: { url: "http://model" } }, {}],
  ["a metric of the team", {}, { policy: "own", metrics: [{ name: "orders", query: "orders" }] }, {}],
  ["a rule that is broken", {}, { policy: "own" }, { errorRate: 12 }],
])("%s is of this release alone", (_, said, spec, seen) => {
  expect(verdict(said, spec as Partial<JudgementSpec>, seen)).toBeUndefined();
});

test("a rule that isn't broken changes nothing", () => {
  expect(verdict({}, { policy: "own" })).toBe(verdict());
});
