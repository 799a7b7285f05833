import { type Decision, keyOf, type Resource } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, pausePatch, promotePatch, restartPatch, retryPatch, undoPatch } from "../index.ts";
import { rollout } from "../release.fixture.ts";
import { BlueGreenRelease } from "./blue-green.fixture.ts";

const byHand = { autoPromotionEnabled: false };
const analysed = (name: string) => ({ templates: [{ templateName: name }] });

async function released(strategy = {}, spec = {}): Promise<BlueGreenRelease> {
  const release = await BlueGreenRelease.begin();
  await release.pushBlueGreen("web:v1", strategy, spec);
  await release.world.run(seconds(60));
  return release;
}

test("the first version is active as soon as its Pods are ready: no preview before it, no analysis", async () => {
  const release = await released({
    ...byHand,
    prePromotionAnalysis: analysed("errors"),
    postPromotionAnalysis: analysed("errors"),
  });

  expect(await release.status()).toMatchObject({ phase: "Healthy", availableReplicas: 2, HPAReplicas: 2 });
  expect(await release.selected()).toBe("web:v1");
  expect(await release.answering()).toEqual(["web:v1"]);
  expect(await release.analysisRuns()).toEqual([]);
});

test("a version that is ready takes over at once, and the old one stays for 30 s", async () => {
  const release = await released();

  await release.pushBlueGreen("web:v2");

  expect(await release.selected()).toBe("web:v2");
  expect(await release.selected("web-preview")).toBe("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect(await release.stableImage()).toBe("web:v2");
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });
  await release.world.run(seconds(31));
  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 2 });
});

test("without autoPromotion only a person promotes, whatever autoPromotionSeconds says", async () => {
  const release = await released();

  await release.pushBlueGreen("web:v2", { ...byHand, autoPromotionSeconds: 5 });
  await release.world.run(minutes(600));

  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause", controllerPause: true });
  expect(await release.selected()).toBe("web:v1");
  expect(await release.answering("web-preview")).toEqual(["web:v2"]);
  await release.ask(promotePatch);
  expect(await release.selected()).toBe("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

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

test("a preview is small until it is promoted, then whole before traffic moves", async () => {
  const strategy = { ...byHand, previewReplicaCount: 1 };
  const release = await released(strategy, { replicas: 4 });

  await release.pushBlueGreen("web:v2", strategy, { replicas: 4 });

  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 1 });
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause", HPAReplicas: 4 });
  await release.ask(promotePatch);
  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 4 });
  expect(await release.selected()).toBe("web:v2");
  expect((await release.status()).blueGreen?.scaleUpPreviewCheckPoint).toBeUndefined();
});

test("a version that fails before the switch gets no user, is quarantined, and its Pods stay for 30 s", async () => {
  const strategy = { prePromotionAnalysis: analysed("errors") };
  const release = await released(strategy);
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
  const release = await released(strategy);
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
  const release = await released(strategy);

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
  const release = await released(strategy);
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

test.each(["crashing", "stuck"])("a %s version never gets traffic and is taken back", async (word) => {
  const release = await released({}, { progressDeadlineSeconds: 60 });

  await release.pushBlueGreen(`web:${word}`, {}, { progressDeadlineSeconds: 60 });
  await release.world.run(seconds(65));

  expect(await release.selected()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect(await release.quarantines()).toHaveLength(1);
});

test("Pods that are ready but that the router can't reach yet get no traffic", async () => {
  const release = await released();

  await release.pushBlueGreen("web:unreachable");

  expect(await release.selected()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ message: "active service cutover pending" });
});

test("back to a version whose Pods are still there goes straight, without pause and analysis", async () => {
  const strategy = { ...byHand, prePromotionAnalysis: analysed("errors"), postPromotionAnalysis: analysed("errors") };
  const release = await released(strategy);
  await release.pushBlueGreen("web:v2", strategy);
  await release.ask(promotePatch);
  await release.world.run(seconds(10));
  const runs = (await release.analysisRuns()).length;

  await release.pushBlueGreen("web:v1", strategy);

  expect(await release.selected()).toBe("web:v1");
  expect(await release.stableImage()).toBe("web:v1");
  expect(await release.analysisRuns()).toHaveLength(runs);
  await release.world.run(seconds(31));
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 0 });
});

test("a preview that was never promoted, or was taken back, doesn't go straight though its Pods are there", async () => {
  const release = await released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  await release.pushBlueGreen("web:v3", byHand);
  await release.pushBlueGreen("web:v2", byHand);
  expect(await release.selected()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause" });

  await release.ask(abortPatch);
  await release.ask(retryPatch);

  expect(await release.selected()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause" });
});

test("V1, V2, V3: the preview follows at once, the middle one leaves after its delay", async () => {
  const release = await released(byHand);
  await release.pushBlueGreen("web:v2", byHand);

  await release.pushBlueGreen("web:v3", byHand);

  expect(await release.selected("web-preview")).toBe("web:v3");
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2, "web:v3": 2 });
  await release.world.run(seconds(31));
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 0, "web:v3": 2 });
  expect(await release.selected()).toBe("web:v1");
});

test("a third version while the second is looked at after the switch: the second serves until the third does", async () => {
  const strategy = { postPromotionAnalysis: analysed("latency") };
  const release = await released(strategy);
  await release.pushBlueGreen("web:v2", strategy);
  await release.world.run(seconds(15));
  expect(await release.selected()).toBe("web:v2");

  await release.pushBlueGreen("web:v3", { ...strategy, ...byHand });
  await release.world.run(seconds(60));

  expect(await release.selected()).toBe("web:v2");
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2, "web:v3": 2 });
  await release.ask(abortPatch);
  expect(await release.selected()).toBe("web:v1");
});

test("back to the stable version: on its way the preview is left, after the switch traffic goes back at once", async () => {
  const strategy = { postPromotionAnalysis: analysed("latency") };
  const release = await released({ ...strategy, ...byHand });
  await release.pushBlueGreen("web:v2", { ...strategy, ...byHand });
  await release.pushBlueGreen("web:v1", { ...strategy, ...byHand });
  expect(await release.status()).toMatchObject({ phase: "Healthy" });

  await release.pushBlueGreen("web:v3", strategy);
  await release.world.run(seconds(15));
  expect(await release.selected()).toBe("web:v3");
  await release.pushBlueGreen("web:v1", { ...strategy, ...byHand });

  expect(await release.selected()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("a full promotion is told at once, while the Pods of the preview are waited for", async () => {
  const release = await released(byHand);
  await release.pushBlueGreen("web:stuck", byHand);

  await release.ask((rollout) => promotePatch(rollout, { full: true }));
  await release.world.run(seconds(30));

  expect(await release.selected()).toBe("web:v1");
  const found = await release.world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
  expect(found.flatMap(({ spec: { because, by } }) => (by === "a person" ? [because] : []))).toEqual([
    "a person asked for full promotion: it goes on without pause or analysis",
  ]);
});

test("promote --full skips analysis and pause", async () => {
  const strategy = { ...byHand, prePromotionAnalysis: analysed("latency"), postPromotionAnalysis: analysed("latency") };
  const release = await released(strategy);
  await release.pushBlueGreen("web:v2", { ...strategy, previewReplicaCount: 1 });
  await release.world.run(seconds(15));

  await release.ask((rollout) => promotePatch(rollout, { full: true }));

  expect(await release.selected()).toBe("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect((await release.analysisRuns()).every(({ spec }) => spec.terminate === true)).toBe(true);
});

test("an abort keeps the preview for its delay, 0 for ever; a retry begins again", async () => {
  const strategy = { ...byHand, abortScaleDownDelaySeconds: 0 };
  const release = await released(strategy);
  await release.pushBlueGreen("web:v2", strategy);

  await release.ask(abortPatch);
  await release.world.run(minutes(60));

  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });
  expect(await release.status()).toMatchObject({
    phase: "Degraded",
    message: "RolloutAborted: Rollout aborted update to revision 2",
  });
  await release.ask(retryPatch);
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause" });
});

test("one that is taken back before it has a Pod doesn't keep a superseded preview for ever", async () => {
  const release = await released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  const bad = rollout("web:v3").spec.template;

  const annotations = { "sluice.dev/bad": "it looks odd" };
  await release.world.client.patch(keyOf(await release.rollout()), {
    type: "merge",
    value: { metadata: { annotations }, spec: { template: bad } },
  });
  await release.world.run(minutes(60));

  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 0 });
});

test("a version kept for a look after its abort doesn't grow with the others", async () => {
  const release = await released(byHand);
  await release.pushBlueGreen("web:v2-stuck", byHand, { progressDeadlineSeconds: 10 });
  await release.world.run(seconds(15));

  await release.pushBlueGreen("web:v3", byHand, { replicas: 5 });

  expect(await release.pods()).toEqual({ "web:v1": 5, "web:v2-stuck": 2, "web:v3": 5 });
});

test("undo wants the version before", async () => {
  const release = await released();
  await release.pushBlueGreen("web:v2");
  await release.world.run(seconds(40));
  const sets = await release.replicaSets();

  await release.ask((rollout) => undoPatch(rollout, sets));

  expect(await release.stableImage()).toBe("web:v1");
});

test("spec.paused holds the switch, also of a version that is ready", async () => {
  const release = await released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  await release.ask(pausePatch);
  await release.world.run(minutes(10));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "manually paused" });
  expect(await release.selected()).toBe("web:v1");

  await release.ask(promotePatch);

  expect(await release.selected()).toBe("web:v2");
});

test("edits on the way: autoPromotion lets a pause end, replicas reach both versions", async () => {
  const release = await released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  await release.pushBlueGreen("web:v2", byHand, { replicas: 3 });
  expect(await release.pods()).toEqual({ "web:v1": 3, "web:v2": 3 });
  expect(await release.status()).toMatchObject({ phase: "Paused" });

  await release.pushBlueGreen("web:v2", {}, { replicas: 3 });

  expect(await release.selected()).toBe("web:v2");
});

test("as many old versions stay as the limit says", async () => {
  const strategy = { scaleDownDelaySeconds: 600, scaleDownDelayRevisionLimit: 1 };
  const release = await released(strategy);

  await release.pushBlueGreen("web:v2", strategy);
  await release.pushBlueGreen("web:v3", strategy);

  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 2, "web:v3": 2 });
});

test("Pods wear the preview's labels until they are active", async () => {
  const strategy = {
    ...byHand,
    previewMetadata: { labels: { role: "preview" } },
    activeMetadata: { labels: { role: "active" } },
  };
  const release = await released(strategy);
  const roles = async () =>
    Object.fromEntries(
      (await release.replicaSets()).map(({ spec }) => [
        spec.template?.spec.containers[0]?.image,
        spec.template?.metadata?.labels?.role,
      ]),
    );

  await release.pushBlueGreen("web:v2", strategy);

  expect(await roles()).toEqual({ "web:v1": "active", "web:v2": "preview" });
  await release.ask(promotePatch);
  expect((await roles())["web:v2"]).toBe("active");
});

test.each([
  ["a version that nobody knows", "0000000000"],
  ["no version at all", null],
])("an active Service that somebody makes select %s selects the stable one again", async (_words, hash) => {
  const release = await released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  const value = { spec: { selector: { "rollouts-pod-template-hash": hash } } };

  await release.world.client.patch(
    { apiVersion: "v1", kind: "Service", namespace: "shop", name: "web" },
    { type: "merge", value },
  );
  await release.world.run(seconds(5));

  expect(await release.answering()).toEqual(["web:v1"]);
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause" });
});

test("a restart replaces the Pods, at most maxUnavailable at once", async () => {
  const release = await released({ maxUnavailable: 1 });

  await release.ask((rollout) => restartPatch(rollout, "2026-01-01T00:00:30Z"));
  await release.world.run(minutes(2));

  expect((await release.status()).restartedAt).toBe("2026-01-01T00:00:30Z");
});

test("a Service that is missing, that another Rollout switches, or that selects others is an invalid spec", async () => {
  const release = await released();
  const messageWith = async (activeService: string) => {
    await release.pushBlueGreen("web:v1", { activeService });
    return (await release.status()).message;
  };
  const service = { apiVersion: "v1", kind: "Service", spec: { selector: { app: "web" } } };
  await release.world.apply(
    { ...service, metadata: { name: "others", namespace: "shop" }, spec: { selector: { app: "api" } } } as never,
    {
      ...service,
      metadata: {
        name: "taken",
        namespace: "shop",
        annotations: { "argo-rollouts.argoproj.io/managed-by-rollouts": "api" },
      },
    } as never,
  );

  expect(await messageWith("nobody")).toContain('service "nobody" not found');
  expect(await messageWith("others")).toContain('Service "others" has unmatch label "app" in rollout');
  expect(await messageWith("taken")).toContain('Service "taken" is managed by another Rollout');
  await release.pushBlueGreen("web:v1");
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("a stable version without Pods takes no traffic back: nobody would be there", async () => {
  const release = await BlueGreenRelease.begin();
  await release.pushBlueGreen("web:stuck");
  await release.pushBlueGreen("web:v2", { postPromotionAnalysis: analysed("latency") });
  await release.world.run(seconds(15));
  expect(await release.selected()).toBe("web:v2");

  await release.ask(abortPatch);

  expect(await release.answering()).toEqual(["web:v2"]);
});

test("what can't be undone waits before its preview, and after the switch a bad verdict asks instead of switching back", async () => {
  const release = await BlueGreenRelease.begin();
  const strategy = { postPromotionAnalysis: { templates: [{ templateName: "errors" }] } };
  const metadata = { labels: { app: "web" }, annotations: { "sluice.dev/not-revertible": "drops a column" } };
  await release.pushBlueGreen("web:v1", strategy);
  await release.world.run(seconds(5));
  release.outside.answers = { errors: [0.5] };
  const template = { metadata, spec: { containers: [{ name: "web", image: "web:v2" }] } };
  await release.pushBlueGreen("web:v2", strategy, { template });
  await release.world.run(minutes(1));
  const before = { pods: await release.pods(), message: (await release.status()).message };

  await release.ask(promotePatch);
  await release.world.run(minutes(1));
  const stopped = { active: await release.selected(), message: (await release.status()).message };
  await release.ask(promotePatch);
  await release.world.run(minutes(1));

  expect(before).toEqual({ pods: { "web:v1": 2 }, message: "NotRevertible" });
  expect(stopped).toEqual({ active: "web:v2", message: "NotRevertible" });
  expect(await release.stableImage()).toBe("web:v2");
});
