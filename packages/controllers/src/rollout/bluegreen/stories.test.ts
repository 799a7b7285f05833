import type { Decision } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { pausePatch, promotePatch, restartPatch } from "../index.ts";
import { analysed, BlueGreenRelease, byHand } from "./blue-green.fixture.ts";

test("the first version is active as soon as its Pods are ready: no preview before it, no analysis", async () => {
  const release = await BlueGreenRelease.released({
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
  const release = await BlueGreenRelease.released();

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
  const release = await BlueGreenRelease.released();

  await release.pushBlueGreen("web:v2", { ...byHand, autoPromotionSeconds: 5 });
  await release.world.run(minutes(600));

  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause", controllerPause: true });
  expect(await release.selected()).toBe("web:v1");
  expect(await release.answering("web-preview")).toEqual(["web:v2"]);
  await release.ask(promotePatch);
  expect(await release.selected()).toBe("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("a preview is small until it is promoted, then whole before traffic moves", async () => {
  const strategy = { ...byHand, previewReplicaCount: 1 };
  const release = await BlueGreenRelease.released(strategy, { replicas: 4 });

  await release.pushBlueGreen("web:v2", strategy, { replicas: 4 });

  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 1 });
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "BlueGreenPause", HPAReplicas: 4 });
  await release.ask(promotePatch);
  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 4 });
  expect(await release.selected()).toBe("web:v2");
  expect((await release.status()).blueGreen?.scaleUpPreviewCheckPoint).toBeUndefined();
});

test.each(["crashing", "stuck"])("a %s version never gets traffic and is taken back", async (word) => {
  const release = await BlueGreenRelease.released({}, { progressDeadlineSeconds: 60 });

  await release.pushBlueGreen(`web:${word}`, {}, { progressDeadlineSeconds: 60 });
  await release.world.run(seconds(65));

  expect(await release.selected()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect(await release.quarantines()).toHaveLength(1);
});

test("Pods that are ready but that the router can't reach yet get no traffic", async () => {
  const release = await BlueGreenRelease.released();

  await release.pushBlueGreen("web:unreachable");

  expect(await release.selected()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ message: "active service cutover pending" });
});

test("a full promotion is told at once, while the Pods of the preview are waited for", async () => {
  const release = await BlueGreenRelease.released(byHand);
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
  const release = await BlueGreenRelease.released(strategy);
  await release.pushBlueGreen("web:v2", { ...strategy, previewReplicaCount: 1 });
  await release.world.run(seconds(15));

  await release.ask((rollout) => promotePatch(rollout, { full: true }));

  expect(await release.selected()).toBe("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect((await release.analysisRuns()).every(({ spec }) => spec.terminate === true)).toBe(true);
});

test("spec.paused holds the switch, also of a version that is ready", async () => {
  const release = await BlueGreenRelease.released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  await release.ask(pausePatch);
  await release.world.run(minutes(10));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "manually paused" });
  expect(await release.selected()).toBe("web:v1");

  await release.ask(promotePatch);

  expect(await release.selected()).toBe("web:v2");
});

test("edits on the way: autoPromotion lets a pause end, replicas reach both versions", async () => {
  const release = await BlueGreenRelease.released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  await release.pushBlueGreen("web:v2", byHand, { replicas: 3 });
  expect(await release.pods()).toEqual({ "web:v1": 3, "web:v2": 3 });
  expect(await release.status()).toMatchObject({ phase: "Paused" });

  await release.pushBlueGreen("web:v2", {}, { replicas: 3 });

  expect(await release.selected()).toBe("web:v2");
});

test("as many old versions stay as the limit says", async () => {
  const strategy = { scaleDownDelaySeconds: 600, scaleDownDelayRevisionLimit: 1 };
  const release = await BlueGreenRelease.released(strategy);

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
  const release = await BlueGreenRelease.released(strategy);
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
  const release = await BlueGreenRelease.released(byHand);
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
  const release = await BlueGreenRelease.released({ maxUnavailable: 1 });

  await release.ask((rollout) => restartPatch(rollout, "2026-01-01T00:00:30Z"));
  await release.world.run(minutes(2));

  expect((await release.status()).restartedAt).toBe("2026-01-01T00:00:30Z");
});

test("a Service that is missing, that another Rollout switches, or that selects others is an invalid spec", async () => {
  const release = await BlueGreenRelease.released();
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
