import type { Client, Resource } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, World } from "../laws/index.ts";
import { syncPatch } from "./patches.ts";
import { applyManifestsHandler } from "./sync/apply-manifests.ts";
import {
  announce,
  application,
  applicationKey,
  applicationWorld,
  configMap,
  ModelRepository,
  shop,
} from "./testing/application-world.ts";

const wave = (name: string, number: number, data: Record<string, string>) =>
  configMap(name, data, { "argocd.argoproj.io/sync-wave": String(number) });

/** Two waves, a push that changes, adds and prunes, drift, and a sync by hand. */
async function story(world: World, repository: ModelRepository): Promise<void> {
  repository.commit("a1", [wave("one", 0, { x: "1" }), wave("two", 1, { x: "1" }), wave("old", 0, {})]);
  await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "argocd" } });
  await world.apply(
    application({
      destination: { namespace: "fresh" },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        syncOptions: ["CreateNamespace=true", "PruneLast=true"],
      },
    }),
  );
  await world.run(seconds(20));
  repository.commit("a2", [wave("one", 0, { x: "2" }), wave("two", 1, { x: "1" }), wave("three", 2, { x: "1" })]);
  await announce(world);
  await world.run(seconds(20));
  await world.client.patch(
    { apiVersion: "v1", kind: "ConfigMap", namespace: "fresh", name: "one" },
    { type: "merge", value: { data: { x: "9" } } },
  );
  await world.run(minutes(5));
  await world.client.patch(applicationKey, syncPatch(await shop(world)));
  await world.run(minutes(5));
}

const end = async (world: World) => {
  const { status, operation } = await shop(world);
  const maps = await world.list<Resource & { data?: object }>(
    { apiVersion: "v1", kind: "ConfigMap" },
    { namespace: "fresh" },
  );
  return {
    maps: maps.map(({ metadata, data }) => [metadata.name, data]),
    sync: status?.sync?.status,
    revision: status?.sync?.revision,
    phase: status?.operationState?.phase,
    history: status?.history?.map(({ id, revision }) => [id, revision]),
    isAsked: operation !== undefined,
  };
};

const scenario = (): Scenario => {
  let repository = new ModelRepository();
  const handlers = { ...applicationWorld(repository) };
  return {
    world: {
      ...handlers,
      tasks: (clock) => ({
        ...handlers.tasks?.(clock),
        fetchManifests: (work, stop) => repository.handler(work, stop),
      }),
    },
    story: (world) => {
      repository = new ModelRepository();
      return story(world, repository);
    },
    end,
  };
};

test("it settles", () => settles(scenario()));

test("a crash between any two effects changes nothing in the end", () => survivesCrashes(scenario(), { points: 60 }));

test("late news changes nothing in the end", () => survivesStaleReads(scenario(), { seeds: 12 }));

test("the story ends as it should", async () => {
  const { world: options, story: tell } = scenario();
  const world = await World.create(options);

  await tell(world);

  expect(await end(world)).toEqual({
    maps: [
      ["one", { x: "2" }],
      ["three", { x: "1" }],
      ["two", { x: "1" }],
    ],
    sync: "Synced",
    revision: "a2",
    phase: "Succeeded",
    history: [
      [0, "a1"],
      [1, "a2"],
      [2, "a2"],
    ],
    isAsked: false,
  });
  world.stop();
});

test("its own writes, seen late, are not taken for drift", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const repository = new ModelRepository();
    const options = applicationWorld(repository);
    let client: Client | undefined;
    const world: World = await World.create({
      ...options,
      stale: true,
      seed,
      tasks: (clock) => ({
        ...options.tasks?.(clock),
        // Beside the loop's cache, as another process would write.
        applyManifests: (work, stop) => applyManifestsHandler(client as Client)(work, stop),
      }),
    });
    client = world.client;
    await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "argocd" } });
    await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } });
    repository.commit("a1", [configMap("one", { x: "1" }), configMap("two", { x: "1" })]);

    await world.apply(application({ syncPolicy: { automated: { prune: true, selfHeal: true } } }));
    await world.run(seconds(30));

    const { status } = await shop(world);
    expect(status?.sync?.status).toBe("Synced");
    expect(status?.operationState?.operation.sync?.selfHealAttemptsCount, `seed ${seed}`).toBeUndefined();
    world.stop();
  }
});
