import { keyOf } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, promotePatch, retryPatch, undoPatch } from "../index.ts";
import { rollout } from "../release.fixture.ts";
import { analysed, BlueGreenRelease, byHand } from "./blue-green.fixture.ts";

test("back to a version whose Pods are still there goes straight, without pause and analysis", async () => {
  const strategy = { ...byHand, prePromotionAnalysis: analysed("errors"), postPromotionAnalysis: analysed("errors") };
  const release = await BlueGreenRelease.released(strategy);
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
  const release = await BlueGreenRelease.released(byHand);
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

test("a preview of which no Pod is ready leaves after its delay, though the active Service tells no versions apart", async () => {
  const release = await BlueGreenRelease.begin();
  await release.pushBlueGreen("web:stuck");
  await release.pushBlueGreen("web:crashing");
  expect(await release.selected()).toBe("");

  await release.pushBlueGreen("web:stuck");
  await release.world.run(seconds(31));

  expect(await release.pods()).toEqual({ "web:stuck": 2, "web:crashing": 0 });
});

test("V1, V2, V3: the preview follows at once, the middle one leaves after its delay", async () => {
  const release = await BlueGreenRelease.released(byHand);
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
  const release = await BlueGreenRelease.released(strategy);
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
  const release = await BlueGreenRelease.released({ ...strategy, ...byHand });
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

test("an abort keeps the preview for its delay, 0 for ever; a retry begins again", async () => {
  const strategy = { ...byHand, abortScaleDownDelaySeconds: 0 };
  const release = await BlueGreenRelease.released(strategy);
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
  const release = await BlueGreenRelease.released(byHand);
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
  const release = await BlueGreenRelease.released(byHand);
  await release.pushBlueGreen("web:v2-stuck", byHand, { progressDeadlineSeconds: 10 });
  await release.world.run(seconds(15));

  await release.pushBlueGreen("web:v3", byHand, { replicas: 5 });

  expect(await release.pods()).toEqual({ "web:v1": 5, "web:v2-stuck": 2, "web:v3": 5 });
});

test("undo wants the version before", async () => {
  const release = await BlueGreenRelease.released();
  await release.pushBlueGreen("web:v2");
  await release.world.run(seconds(40));
  const sets = await release.replicaSets();

  await release.ask((rollout) => undoPatch(rollout, sets));

  expect(await release.stableImage()).toBe("web:v1");
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
