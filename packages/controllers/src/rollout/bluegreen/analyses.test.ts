import type { Resource } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { promotePatch } from "../index.ts";
import { analysed, BlueGreenRelease, byHand } from "./blue-green.fixture.ts";

test("autoPromotionSeconds counts from the pause, which begins after the analysis", async () => {
  const strategy = { autoPromotionSeconds: 60, prePromotionAnalysis: analysed("slow") };
  const release = await BlueGreenRelease.begin();
  await release.world.apply(slowTemplate);
  release.outside.answers = { slow: [0.01] };
  await release.pushBlueGreen("web:v1", strategy);
  await release.pushBlueGreen("web:v2", strategy);

  await release.world.run(seconds(15));
  expect((await release.status()).pauseConditions).toBeUndefined();
  await release.world.run(seconds(55));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause" });
  expect(await release.selected()).toBe("web:v1");
  await release.world.run(seconds(30));

  expect(await release.selected()).toBe("web:v2");
  expect(await release.stableImage()).toBe("web:v2");
});

const slowTemplate = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name: "slow", namespace: "shop" },
  spec: {
    metrics: [
      {
        name: "slow",
        interval: "10s",
        count: 3,
        successCondition: "result[0] < 0.05",
        provider: { prometheus: { query: "slow" } },
      },
    ],
  },
} as unknown as Resource;

test("a version that fails before the switch gets no user, is quarantined, and its Pods stay for 30 s", async () => {
  const strategy = { prePromotionAnalysis: analysed("errors") };
  const release = await BlueGreenRelease.released(strategy);
  release.outside.answers = { errors: [0.5] };

  await release.pushBlueGreen("web:v2", strategy);

  expect(await release.selected()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect((await release.status()).message).toMatch(/^RolloutAborted: .*Pre-promotion analysis phase error\/failed: /);
  expect(await release.quarantines()).toHaveLength(1);
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });
  await release.world.run(seconds(31));
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 0 });
  release.outside.answers = { errors: [0] };
  await release.pushBlueGreen("web:v3", strategy);
  expect(await release.stableImage()).toBe("web:v3");
});

test("a version that fails after the switch loses all traffic again and is quarantined; the old one was whole", async () => {
  const strategy = { postPromotionAnalysis: analysed("latency"), scaleDownDelaySeconds: 0 };
  const release = await BlueGreenRelease.released(strategy);
  await release.pushBlueGreen("web:v2", strategy);
  await release.world.run(seconds(25));
  expect(await release.selected()).toBe("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Progressing", message: "waiting for analysis to complete" });
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });

  release.outside.answers = { latency: [0.5] };
  await release.world.run(seconds(10));

  expect(await release.selected()).toBe("web:v1");
  expect(await release.answering()).toEqual(["web:v1"]);
  expect((await release.status()).message).toMatch(/Post-promotion analysis phase error\/failed/);
  expect(await release.quarantines()).toHaveLength(1);
});

test("after a good analysis that follows the switch the old version leaves", async () => {
  const strategy = { postPromotionAnalysis: analysed("errors"), scaleDownDelaySeconds: 0 };
  const release = await BlueGreenRelease.released(strategy);

  await release.pushBlueGreen("web:v2", strategy);
  await release.world.run(seconds(1));

  expect(await release.stableImage()).toBe("web:v2");
  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 2 });
  expect((await release.analysisRuns()).map(({ metadata }) => metadata.labels?.["rollout-type"])).toEqual([
    "PostPromotion",
  ]);
  expect((await release.analysisRuns())[0]?.metadata.name).toMatch(/-2-post$/);
});

test("an analysis without data, and one of a version that nobody asked anything, ask a person", async () => {
  const strategy = { prePromotionAnalysis: analysed("errors"), postPromotionAnalysis: analysed("latency") };
  const release = await BlueGreenRelease.released(strategy);
  release.outside.answers = { errors: [Number.NaN], latency: [0.01] };
  release.outside.requests = 0;

  await release.pushBlueGreen("web:v2", strategy);
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NoData" });
  expect(await release.selected()).toBe("web:v1");
  await release.ask(promotePatch);

  expect(await release.selected()).toBe("web:v2");
  expect(await release.quarantines()).toEqual([]);
});

test("an inconclusive analysis pauses; promoted, it looks anew, and the pause for a person still comes", async () => {
  const strategy = { ...byHand, prePromotionAnalysis: analysed("unsure") };
  const release = await BlueGreenRelease.begin();
  await release.world.apply({
    ...slowTemplate,
    metadata: { name: "unsure", namespace: "shop" },
    spec: {
      metrics: [
        {
          name: "unsure",
          successCondition: "result[0] < 0.05",
          failureCondition: "result[0] > 0.5",
          provider: { prometheus: { query: "unsure" } },
        },
      ],
    },
  } as unknown as Resource);
  release.outside.answers = { unsure: [0.2] };
  await release.pushBlueGreen("web:v1", strategy);
  await release.pushBlueGreen("web:v2", strategy);
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "InconclusiveAnalysisRun" });

  release.outside.answers = { unsure: [0.01] };
  await release.ask(promotePatch);

  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause" });
  expect(await release.selected()).toBe("web:v1");
});
