import type { Rehearsal } from "@sluice/rehearsal";
import { defaultTraffic } from "@sluice/rehearsal";
import { expect, test } from "vitest";
import { renderHtml } from "./html.ts";

const fault = { isHarmful: true, runs: 2, asked: 0, by: "errors", rules: {}, seconds: 120, weight: 0.1 };
const good = { runs: 2, falseAborts: 0, asked: 0, rules: {}, seconds: 600, waitedSeconds: 0, heldSeconds: 0 };
const harmed = { harmedMedian: 1200, harmedP95: 3400 };
const seconds = { low: 500, median: 600, high: 700 };
const result = {
  good,
  predicted: { good: seconds },
  faults: [{ ...fault, ...harmed, fault: "error +1pp", caught: 1 }],
};
const rehearsal: Rehearsal = {
  rollout: "web<script>",
  namespace: "shop",
  seed: 1,
  traffic: defaultTraffic,
  podsReadySeconds: 15,
  podsReadyFrom: "assumed",
  learned: [],
  hasAnalyses: true,
  countsConversions: false,
  madeUp: [],
  unanswerable: [],
  profiles: { argo: result, sluice: result },
  steps: [],
  releasesOfEachSize: 0,
  idleRules: [],
  words: ["a & b"],
};

test("the report stands alone: no script, nothing from the network, both schemes, names escaped", () => {
  const page = renderHtml([rehearsal]);

  expect(page).not.toMatch(/<script|https?:|src=|@import|url\(/);
  expect(page).toContain("web&lt;script&gt;");
  expect(page).toContain("a &amp; b");
  expect(page).toContain("prefers-color-scheme: dark");
  expect(page).toContain("<title>error +1pp as Sluice: 1,200, p95 3,400</title>");
  expect(page).toContain("1,200 (3,400)");
});

test("without a harmful fault there is no chart, and it says so", () => {
  const page = renderHtml([{ ...rehearsal, profiles: { argo: { ...result, faults: [] } } }]);

  expect(page).not.toContain("<svg");
  expect(page).toContain("no harmful fault was rehearsed");
});
