import type { Resource } from "@sluice/api";
import { expect, test } from "vitest";
import { canary, named, options, policyOf } from "../rehearsal.fixture.ts";
import { rehearse } from "../report/rehearse.ts";

const own = (spec: object): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RollbackPolicy",
    metadata: { name: "own", namespace: "shop" },
    spec: { rules: [], ...spec },
  }) as Resource;
const busy = { ...options, runs: 1, goodRuns: 1, faults: named("lost conversions"), profiles: ["sluice"] as const };
const traffic = { ...options.traffic, requestsPerSecond: 1000 };
const conversions = { exposures: "sum(visits_total)", conversions: "sum(orders_total)" };

test("lost conversions are found where a RollbackPolicy counts them by version, as it is for real, and else that is said", async () => {
  const silent = await rehearse(await policyOf(canary({ analysis: undefined })), { ...busy, traffic });
  const counting = await rehearse(await policyOf(canary({ analysis: undefined }), own({ conversions })), {
    ...busy,
    traffic,
  });

  expect(silent.profiles.sluice?.faults).toMatchObject([{ fault: "lost conversions", caught: 0 }]);
  expect(silent.words.join()).toContain("conversions of a RollbackPolicy shows them to Sluice");
  expect(counting.profiles.sluice?.faults).toMatchObject([{ caught: 1, by: "judge: conversions" }]);
  expect(counting.words.join()).not.toContain("conversions");
});

test("a RollbackPolicy's model and metrics, which nobody can ask here, are named", async () => {
  const model = { url: "http://model.example/predict" };
  const policy = own({ model, metrics: [{ name: "queue", query: "queue_depth" }] });

  const { unanswerable } = await rehearse(await policyOf(canary({ analysis: undefined }), policy), {
    ...busy,
    faults: [],
  });

  const because = "what it says of a release isn't modelled";
  expect(unanswerable).toEqual([
    { template: "RollbackPolicy own", metric: "model", because },
    { template: "RollbackPolicy own", metric: "queue", because },
  ]);
});
