import type { Pod } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, promotePatch } from "../index.ts";
import { pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";

type Labels = Readonly<Record<string, string>>;

const dressed = (canary: Labels, stable: Labels): ReleaseOptions => ({
  steps: [setWeight(20), pause()],
  canary: { canaryMetadata: { labels: canary }, stableMetadata: { labels: stable } },
});
const usual = dressed({ role: "canary" }, { role: "stable" });

/** V1 is stable, V2 waits at 20 %; both have Pods that one can look at. */
async function halfway(options = usual): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1-pods", options);
  await release.world.run(seconds(5));
  await release.push("web:v2-pods", options);
  await release.world.run(seconds(5));
  return release;
}

const own = ({ app: _, "rollouts-pod-template-hash": __, ...rest }: Labels = {}): Labels => rest;

/** What Pods of each version wear, and what new ones would; Pods of one version always wear the same. */
async function worn(release: Release) {
  const sets = await release.replicaSets();
  const pods = await release.world.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { namespace: "shop" });
  const version = (image: string | undefined) => image?.slice("web:".length, "web:v1".length) ?? "";
  return {
    new: Object.fromEntries(
      sets.map(({ spec }) => [version(spec.template?.spec.containers[0]?.image), own(spec.template?.metadata?.labels)]),
    ),
    living: Object.fromEntries(
      pods.map(({ metadata, spec }) => [version(spec.containers[0]?.image), own(metadata.labels)]),
    ),
  };
}

const both = (v1: Labels, v2: Labels) => ({ new: { v1, v2 }, living: { v1, v2 } });

test("Pods wear the canary's labels until it is stable", async () => {
  const release = await halfway();
  expect(await worn(release)).toEqual(both({ role: "stable" }, { role: "canary" }));

  await release.ask(promotePatch);
  await release.world.run(seconds(5));

  expect((await worn(release)).living.v2).toEqual({ role: "stable" });
  // V1 runs on for a while, and is the stable version no longer.
  expect(await release.pods()).toMatchObject({ "web:v1-pods": 4 });
  expect((await worn(release)).living.v1).toEqual({});
});

test("a version that was taken back wears what the spec says of it by now", async () => {
  const release = await halfway();
  await release.ask((rollout) => abortPatch(rollout));

  await release.push("web:v2-pods", dressed({ role: "failed" }, { role: "sole" }));
  await release.world.run(seconds(5));

  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect(await worn(release)).toEqual(both({ role: "sole" }, { role: "failed" }));
});

test.each([
  ["another value", dressed({ role: "early" }, { role: "old" }), both({ role: "old" }, { role: "early" })],
  ["another key", dressed({ ring: "1" }, { ring: "all" }), both({ ring: "all" }, { ring: "1" })],
  [
    "one key more",
    dressed({ role: "canary", ring: "1" }, { role: "stable" }),
    both({ role: "stable" }, { role: "canary", ring: "1" }),
  ],
  ["nothing any more", { steps: [setWeight(20), pause()] }, both({}, {})],
] as const)(
  "edited on the way to %s, running Pods of both versions follow, and the release goes on",
  async (_words, edited, end) => {
    const release = await halfway();
    const before = await release.status();

    await release.push("web:v2-pods", edited);
    await release.world.run(seconds(5));

    expect(await worn(release)).toEqual(end);
    expect(await release.status()).toMatchObject({ currentPodHash: before.currentPodHash, currentStepIndex: 1 });
    expect(await release.weight()).toBe(20);
  },
);

test("labels given to a release that had none reach its Pods", async () => {
  const release = await halfway({ steps: [setWeight(20), pause()] });

  await release.push("web:v2-pods", usual);
  await release.world.run(seconds(5));

  expect(await worn(release)).toEqual(both({ role: "stable" }, { role: "canary" }));
});
