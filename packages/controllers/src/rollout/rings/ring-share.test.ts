import type { Event, Resource } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, promotePatch } from "../index.ts";
import { pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";

const ringSet = {
  apiVersion: "sluice.dev/v1alpha1",
  kind: "RingSet",
  metadata: { name: "global", namespace: "shop" },
  spec: {
    user: { cookie: "user" },
    rings: [
      { name: "staff", weight: 1 },
      { name: "all", weight: 100 },
    ],
  },
} as Resource;

const ringed: ReleaseOptions = {
  steps: [setWeight(5), pause(), setWeight(25), pause()],
  annotations: { "sluice.dev/rings": "global" },
};

async function underway(): Promise<Release> {
  const release = await Release.begin();
  await release.world.apply(ringSet);
  await release.push("web:v1", ringed);
  await release.world.run(seconds(5));
  release.outside.rings = [
    ["staff", 90, 10],
    ["", 30, 870],
  ];
  await release.push("web:v2", ringed);
  await release.world.run(seconds(15));
  return release;
}

const told = async (release: Release) =>
  (await release.world.list<Event>({ apiVersion: "v1", kind: "Event" })).filter(({ reason }) => reason === "RingShare");

test("what a version really gets stands in its status, and is told once a weight", async () => {
  const release = await underway();
  await release.world.run(minutes(5));

  expect((await release.status()).canary?.rings).toEqual({
    weight: 5,
    share: "12",
    requests: 1000,
    rings: [
      { name: "staff", share: "90", requests: 100 },
      { name: "", share: "3.3", requests: 900 },
    ],
  });
  expect((await told(release)).map(({ message }) => message)).toEqual([
    "At weight 5 the new version gets 12 % of 1000 requests: staff 90 % of 100, all others 3.3 % of 900",
  ]);
});

test("it is counted anew at each weight, follows what changes, and goes when traffic is taken back", async () => {
  const release = await underway();
  await release.ask(promotePatch);
  const between = (await release.status()).canary?.rings;
  release.outside.rings = [["staff", 100, 0]];
  await release.world.run(seconds(15));
  const later = (await release.status()).canary?.rings;
  release.outside.rings = [["staff", 50, 50]];
  await release.world.run(seconds(70));
  const changed = (await release.status()).canary?.rings;
  await release.ask((rollout) => abortPatch(rollout));

  expect(between).toBeUndefined();
  expect(later).toMatchObject({ weight: 25, share: "100" });
  expect(changed).toMatchObject({ weight: 25, share: "50" });
  expect(await told(release)).toHaveLength(2);
  expect((await release.status()).canary?.rings).toBeUndefined();
});

test("none of what was counted before the routers followed the weight is asked for", async () => {
  const release = await underway();
  await release.world.run(minutes(1));

  // Looked at after 10 s, and each minute; the first 3 s are the old weight's.
  expect(release.outside.ringsSince).toEqual([7, 67]);
});

test("without a request nothing is said, and without rings nothing is asked", async () => {
  const release = await underway();
  release.outside.rings = [];
  await release.push("web:v3", ringed);
  await release.world.run(minutes(3));

  expect((await release.status()).canary?.rings).toBeUndefined();
});
