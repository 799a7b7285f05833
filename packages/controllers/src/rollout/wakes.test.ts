import type { Resource } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { type Persistence, volatilePersistence } from "@sluice/store";
import { expect, test } from "vitest";
import { pause, Release, rollout, setWeight } from "./release.fixture.ts";

// What a change costs is counted in looks: nothing that is one Rollout's own may wake its neighbours.

const namespace = "shop";
const neighbours = Array.from({ length: 20 }, (_, index) => `neighbour-${index}`);

async function crowd(): Promise<Release> {
  const release = await Release.begin();
  for (const name of ["web", ...neighbours]) {
    const written = rollout("web:v1", { steps: [setWeight(20)], isRouted: false });
    const labels = { app: name };
    await release.world.apply({ ...written, metadata: { ...written.metadata, name, labels } });
  }
  await release.world.run(minutes(2));
  return release;
}

const quarantine: Resource = {
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Quarantine",
  metadata: { name: "bad", namespace },
  spec: {
    namespace,
    workload: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web" },
    podTemplateHash: "abc",
    templateDigest: "abc",
    images: [],
    reason: "too many errors",
    decision: "abc",
  },
} as Resource;

const policy = (kind: string, selector?: object): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind,
    metadata: { name: "policy", namespace },
    spec: selector === undefined ? {} : { selector },
  }) as Resource;

test.each<[string, Resource, number]>([
  ["a Quarantine", quarantine, 1],
  ["a RollbackPolicy for one", policy("RollbackPolicy", { matchLabels: { app: "web" } }), 1],
  ["an EvidencePolicy for one", policy("EvidencePolicy", { matchLabels: { app: "web" } }), 1],
  ["a RollbackPolicy for nobody", policy("RollbackPolicy", { matchLabels: { app: "none" } }), 0],
  ["an EvidencePolicy for all", policy("EvidencePolicy"), 1 + neighbours.length],
])("%s wakes whom it is about", async (_, object, looks) => {
  const release = await crowd();
  const before = release.world.story.length;

  await release.world.apply(object);

  const woken = release.world.story.slice(before).filter((line) => line.includes("Rollout"));
  expect(woken).toHaveLength(looks);
});

test("from a pause that is over to the next weight there are two commits", async () => {
  const commits: string[][] = [];
  const persistence: Persistence = {
    ...volatilePersistence(),
    commit: ({ changes }) => void commits.push(changes.map(({ table }) => table.slice(table.indexOf("/") + 1))),
  };
  const release = await Release.begin({ persistence });
  const steps = [setWeight(20), pause("30s"), setWeight(25), pause()];
  await release.push("web:v1", { steps });
  await release.push("web:v2", { steps });
  await release.world.run(seconds(5));
  commits.length = 0;

  await release.world.run(seconds(30));

  expect(await release.weight()).toBe(25);
  const toTheWeight = commits.slice(0, 1 + commits.findIndex((tables) => tables.includes("VirtualService")));
  expect(toTheWeight.filter((tables) => !tables.includes("Event"))).toEqual([
    ["Decision", "Rollout"],
    ["VirtualService"],
  ]);
});
