import type { Resource } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { beforeEach, describe, expect, test } from "vitest";
import { syncPatch } from "./patches.ts";
import {
  announce,
  application,
  automated,
  configMap,
  configMapKind,
  type Scene,
  sceneOf,
  shop,
} from "./testing/application-world.ts";

let repository: Scene["repository"];
let world: Scene["world"];
let dataOf: Scene["dataOf"];
let names: Scene["names"];
let act: Scene["act"];
beforeEach(async () => {
  ({ repository, world, dataOf, names, act } = await sceneOf());
});

describe("syncing by itself", () => {
  test("a push is applied, tracked, pruned, and written into the history", async () => {
    repository.commit("a1", [configMap("one", { x: "1" }), configMap("two", { x: "1" })]);
    await world.apply(application(automated));
    const first = (await shop(world)).status;

    repository.commit("a2", [configMap("one", { x: "2", y: "1" })]);
    await announce(world);

    const { status, metadata } = await shop(world);
    expect(first?.sync?.status).toBe("Synced");
    expect(status?.sync).toMatchObject({ status: "Synced", revision: "a2" });
    expect(status?.operationState).toMatchObject({
      phase: "Succeeded",
      message: "successfully synced (all tasks run)",
    });
    expect(status?.history?.map(({ id, revision }) => [id, revision])).toEqual([
      [0, "a1"],
      [1, "a2"],
    ]);
    expect(await names()).toEqual(["one"]);
    expect(await dataOf("one")).toEqual({ x: "2", y: "1" });
    expect(metadata.annotations ?? {}).toEqual({});
    const one = await world.get({ ...configMapKind, namespace: "default", name: "one" });
    expect(one?.metadata.annotations?.["argocd.argoproj.io/tracking-id"]).toBe("shop:/ConfigMap:default/one");
  });

  test("a field that git no longer asks for goes; what others added stays", async () => {
    repository.commit("a1", [configMap("one", { x: "1", y: "1" })]);
    await world.apply(application(automated));
    await world.client.patch(
      { ...configMapKind, namespace: "default", name: "one" },
      { type: "merge", value: { data: { z: "9" } } },
    );
    await world.settle();
    const drifted = (await shop(world)).status?.sync?.status;

    repository.commit("a2", [configMap("one", { x: "1" })]);
    await announce(world);

    expect(drifted).toBe("Synced");
    expect(await dataOf("one")).toEqual({ x: "1", z: "9" });
  });

  test("drift is healed at once, then ever later", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);
    await world.apply(application(automated));
    const drift = () =>
      world.client.patch(
        { ...configMapKind, namespace: "default", name: "one" },
        { type: "merge", value: { data: { x: "9" } } },
      );
    const healedAfter = async () => {
      await drift();
      await world.settle();
      for (let waited = 0; waited < 40; waited++) {
        if (((await dataOf("one")) as { x: string }).x === "1") return waited;
        await world.run(seconds(1));
      }
      return -1;
    };

    const waits = [await healedAfter(), await healedAfter(), await healedAfter(), await healedAfter()];

    expect(waits).toEqual([0, 2, 6, 18]);
    expect((await shop(world)).status?.history).toHaveLength(1);
  });

  test("without prune the rest stays, and says that it would go", async () => {
    repository.commit("a1", [configMap("one", { x: "1" }), configMap("two", { x: "1" })]);
    await world.apply(application({ syncPolicy: { automated: {} } }));

    repository.commit("a2", [configMap("one", { x: "1" })]);
    await announce(world);

    const { status } = await shop(world);
    expect(await names()).toEqual(["one", "two"]);
    expect(status?.sync?.status).toBe("OutOfSync");
    expect(status?.resources?.find(({ name }) => name === "two")).toMatchObject({ requiresPruning: true });
  });

  test("nothing is wiped out unless allowEmpty says so", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);
    await world.apply(application(automated));

    repository.commit("a2", []);
    await announce(world);
    const blocked = (await shop(world)).status?.conditions?.[0];
    const kept = await names();
    await act({ type: "merge", value: { spec: { syncPolicy: { automated: { allowEmpty: true } } } } });

    expect(blocked).toMatchObject({
      type: "SyncError",
      message: "Skipping sync attempt to a2: auto-sync will wipe out all resources",
    });
    expect(kept).toEqual(["one"]);
    expect(await names()).toEqual([]);
  });

  test("Prune=false on a resource keeps it", async () => {
    repository.commit("a1", [
      configMap("one", { x: "1" }),
      configMap("two", {}, { "argocd.argoproj.io/sync-options": "Prune=false" }),
    ]);
    await world.apply(application(automated));

    repository.commit("a2", [configMap("one", { x: "2" })]);
    await announce(world);

    expect(await names()).toEqual(["one", "two"]);
    expect((await shop(world)).status?.operationState?.syncResult?.resources).toContainEqual(
      expect.objectContaining({ name: "two", status: "PruneSkipped", message: "ignored (no prune)" }),
    );
  });
});

describe("failing", () => {
  const bad = () => [
    configMap("one", { x: "1" }),
    { ...configMap("two", {}), metadata: { name: "two", namespace: "nowhere" } } as Resource,
  ];

  test("a dry run that is refused writes nothing, is retried as the listing says, and then rests", async () => {
    repository.commit("a1", bad());
    const retry = { limit: 3, backoff: { duration: "5s", factor: 2, maxDuration: "3m" } };
    await world.apply(application({ syncPolicy: { automated: {}, retry } }));
    const first = (await shop(world)).status?.operationState;
    const written = await names();

    const seen: (number | undefined)[] = [];
    for (const wait of [5, 10, 20]) {
      await world.run(seconds(wait - 1));
      seen.push((await shop(world)).status?.operationState?.retryCount);
      await world.run(seconds(1));
    }
    const last = (await shop(world)).status;
    const passes = world.effects;
    await world.run(minutes(60));

    expect(first).toMatchObject({ phase: "Running", retryCount: 1 });
    expect(first?.message).toMatch(
      /one or more synchronization tasks are not valid: app\/all.yaml:2: .*\. Retrying attempt #1 at 12:00AM\.$/,
    );
    expect(written).toEqual([]);
    expect(seen).toEqual([1, 2, 3]);
    expect(last?.operationState).toMatchObject({ phase: "Failed" });
    expect(last?.operationState?.message).toContain("(retried 3 times)");
    expect(last?.conditions?.[0]?.type).toBe("SyncError");
    expect(world.effects).toBe(passes);
  });

  test("a newer commit isn't held back by the retries of a failing one", async () => {
    repository.commit("a1", bad());
    await world.apply(application(automated));

    repository.commit("a2", [configMap("one", { x: "2" })]);
    await announce(world);

    expect((await shop(world)).status?.sync).toMatchObject({ status: "Synced", revision: "a2" });
  });
});

describe("waves", () => {
  const wave = (name: string, number: number) =>
    configMap(name, { x: "1" }, { "argocd.argoproj.io/sync-wave": String(number) });

  test("come one after another, two seconds apart", async () => {
    repository.commit("a1", [wave("third", 2), wave("first", -1), wave("second", 0)]);
    await world.apply(application(automated));
    const seen = [await names()];
    for (let second = 0; second < 4; second++) {
      await world.run(seconds(1));
      seen.push(await names());
    }

    expect(seen).toEqual([
      ["first"],
      ["first"],
      ["first", "second"],
      ["first", "second"],
      ["first", "second", "third"],
    ]);
    expect((await shop(world)).status?.operationState?.phase).toBe("Succeeded");
  });

  test("wait until the wave before is healthy, and a newer commit frees a wave that never will be", async () => {
    const deployment = (image: string) =>
      ({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        spec: { replicas: 1, template: { spec: { containers: [{ name: "c", image }] } } },
      }) as Resource;
    repository.commit("a1", [deployment("v1"), wave("after", 1)]);
    await world.apply(application(automated));
    await world.run(minutes(5));
    const stuck = await names();

    repository.commit("a2", [configMap("only", { x: "1" })]);
    await announce(world);
    await world.run(seconds(10));

    expect(stuck).toEqual([]);
    expect(await names()).toEqual(["only"]);
  });

  test("prunes go in mirrored order", async () => {
    repository.commit("a1", [wave("keep", 0), wave("first", 0), wave("second", 1)]);
    await world.apply(application(automated));
    await world.run(seconds(10));

    repository.commit("a2", [wave("keep", 0)]);
    await announce(world);
    const during = await names();
    await world.run(seconds(10));

    expect(during).toEqual(["first", "keep"]);
    expect(await names()).toEqual(["keep"]);
  });

  test("with PruneLast they go after everything else", async () => {
    const spec = { syncPolicy: { automated: { prune: true }, syncOptions: ["PruneLast=true"] } };
    repository.commit("a1", [wave("old", 0)]);
    await world.apply(application(spec));

    repository.commit("a2", [wave("new", 3)]);
    await announce(world);
    const during = await names();
    await world.run(seconds(10));

    expect(during).toEqual(["new", "old"]);
    expect(await names()).toEqual(["new"]);
  });
});

describe("options", () => {
  test("CreateNamespace makes the destination, without it the sync fails", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);
    const spec = { destination: { namespace: "fresh" }, syncPolicy: { automated: {}, retry: { limit: 0 } } };
    await world.apply(application(spec));
    const without = (await shop(world)).status?.operationState?.phase;

    await world.apply(
      application({ ...spec, syncPolicy: { ...spec.syncPolicy, syncOptions: ["CreateNamespace=true"] } }),
    );
    await act(syncPatch(await shop(world)));

    expect(without).toBe("Failed");
    expect(await dataOf("one", "fresh")).toEqual({ x: "1" });
  });

  test("ignored differences are no drift; a sync overwrites them unless they are respected", async () => {
    const ignoreDifferences = [{ kind: "ConfigMap", jsonPointers: ["/data/x"] }];
    const drift = () =>
      world.client.patch(
        { ...configMapKind, namespace: "default", name: "one" },
        { type: "merge", value: { data: { x: "9" } } },
      );
    repository.commit("a1", [configMap("one", { x: "1", y: "1" })]);
    await world.apply(application({ ...automated, ignoreDifferences }));
    await drift();
    await world.settle();
    const status = (await shop(world)).status?.sync?.status;

    repository.commit("a2", [configMap("one", { x: "1", y: "2" })]);
    await announce(world);
    const overwritten = await dataOf("one");
    await world.apply(
      application({
        ignoreDifferences,
        syncPolicy: { ...automated.syncPolicy, syncOptions: ["RespectIgnoreDifferences=true"] },
      }),
    );
    await drift();
    repository.commit("a3", [configMap("one", { x: "1", y: "3" })]);
    await announce(world);

    expect(status).toBe("Synced");
    expect(overwritten).toEqual({ x: "1", y: "2" });
    expect(await dataOf("one")).toEqual({ x: "9", y: "3" });
  });
});
