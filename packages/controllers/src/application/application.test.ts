import { Fault, millis, minutes, seconds } from "@sluice/kernel";
import { beforeEach, describe, expect, test } from "vitest";
import { historyRows, rollbackPatch, syncPatch } from "./patches.ts";
import {
  announce,
  application,
  applicationKey,
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

describe("what can't be taken back", () => {
  const migration = (x: string) => {
    const one = configMap("migration", { x });
    return {
      ...one,
      metadata: { ...one.metadata, annotations: { "sluice.dev/not-revertible": "drops a column" } },
    };
  };

  test("isn't synced by itself: a person is asked, and a person's sync goes on", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);
    await world.apply(application(automated));
    repository.commit("a2", [configMap("one", { x: "2" }), migration("1")]);
    await announce(world);
    const asked = await shop(world);
    const before = await dataOf("one");

    await act(syncPatch(asked, {}));

    expect(before).toEqual({ x: "1" });
    expect(asked.status?.conditions?.map(({ message }) => message).join()).toContain(
      "is marked sluice.dev/not-revertible (drops a column), which can't be taken back; to go on: sluice app sync shop",
    );
    expect(await dataOf("one")).toEqual({ x: "2" });
    expect((await shop(world)).status?.sync?.status).toBe("Synced");
  });

  test("is no question on the first sync, when nothing can be lost", async () => {
    repository.commit("a1", [migration("1")]);
    await world.apply(application(automated));

    expect(await names()).toEqual(["migration"]);
  });
});

describe("comparing", () => {
  test("without automation nothing is written, and the difference is told", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);

    await world.apply(application());

    const { status } = await shop(world);
    expect(status?.sync).toMatchObject({ status: "OutOfSync", revision: "a1" });
    expect(status?.resources).toEqual([
      {
        version: "v1",
        kind: "ConfigMap",
        namespace: "default",
        name: "one",
        status: "OutOfSync",
        health: { status: "Missing" },
      },
    ]);
    expect(await names()).toEqual([]);
  });

  test("what is in sync costs no further look, and what changes is seen at once", async () => {
    repository.commit("a1", [configMap("one", { x: "1" }), configMap("two", { x: "1" })]);
    await world.apply(application({ syncPolicy: { automated: {} } }));
    const passes = world.story.length;

    await world.run(minutes(30));
    const calm = world.story.length - passes;
    await world.client.patch(
      { ...configMapKind, namespace: "default", name: "one" },
      { type: "merge", value: { data: { x: "2" } } },
    );
    await world.settle();

    expect(calm).toBe(0);
    expect((await shop(world)).status?.sync?.status).toBe("OutOfSync");
  });

  test("a broken manifest or an unknown kind says where, and touches nothing", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);
    await world.apply(application(automated));

    repository.commit(
      "a2",
      [configMap("one", { x: "2" }), { apiVersion: "x.io/v1", kind: "Thing", metadata: { name: "t" } }],
      [{ file: "app/b.yaml", line: 7, message: "duplicated mapping key" }],
    );
    await announce(world);

    const { status } = await shop(world);
    expect(status?.conditions?.map(({ type, message }) => `${type}: ${message}`)).toEqual([
      "ComparisonError: app/b.yaml:7: duplicated mapping key; app/all.yaml:2: Thing t: the kind Thing of x.io/v1 is not served here",
    ]);
    expect(status?.sync?.status).toBe("Unknown");
    expect(await dataOf("one")).toEqual({ x: "1" });

    repository.commit("a3", [configMap("one", { x: "3" })]);
    await announce(world);

    expect((await shop(world)).status?.conditions).toBeUndefined();
    expect(await dataOf("one")).toEqual({ x: "3" });
  });

  test("a repository that doesn't answer is a condition, and its return is noticed", async () => {
    repository.fault = new Fault("unavailable", "fetch from https://git.example/shop: gave no result within 30 s");
    await world.apply(application(automated));
    const down = (await shop(world)).status;

    repository.fault = undefined;
    repository.commit("a1", [configMap("one", { x: "1" })]);
    await world.run(seconds(11));

    expect(down?.conditions?.[0]).toMatchObject({ type: "ComparisonError" });
    expect((await shop(world)).status?.sync?.status).toBe("Synced");
  });

  test.each([
    [{ source: { repoURL: "https://x/y", helm: {} } }, "spec.source.helm"],
    [{ sources: [{ repoURL: "https://x/y" }] }, "spec.sources"],
    [{ destination: { server: "https://elsewhere" } }, "spec.destination.server"],
    [{ syncPolicy: { syncOptions: ["Force=true"] } }, "Force=true"],
    [{ syncPolicy: { syncOptions: ["PruneLast=maybe"] } }, "PruneLast=maybe"],
    [{ ignoreDifferences: [{ kind: "Deployment", jqPathExpressions: [".spec"] }] }, "jqPathExpressions"],
    [{ ignoreDifferences: [{ kind: "Deployment", jsonPointers: ["spec/replicas"] }] }, "jsonPointers"],
  ])("%j is refused by name", async (spec, said) => {
    repository.commit("a1", [configMap("one", { x: "1" })]);

    await world.apply(application({ ...automated, ...(spec as object) }));

    const { status } = await shop(world);
    expect(status?.conditions?.[0]?.type).toBe("InvalidSpecError");
    expect(status?.conditions?.[0]?.message).toContain(said);
    expect(await names()).toEqual([]);
  });

  test("hooks are refused by name", async () => {
    repository.commit("a1", [configMap("one", {}, { "argocd.argoproj.io/hook": "PreSync" })]);

    await world.apply(application(automated));

    expect((await shop(world)).status?.conditions?.[0]?.message).toContain("hooks are not supported yet");
  });
});

describe("what people ask for", () => {
  test("a sync by hand, and a rollback to what was before", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);
    await world.apply(application());
    await act(syncPatch(await shop(world), { by: "ada" }));
    repository.commit("a2", [configMap("one", { x: "2" }), configMap("two", {})]);
    await announce(world);
    await act(syncPatch(await shop(world)));
    const synced = await names();

    await act(rollbackPatch(await shop(world)));

    const { status, operation } = await shop(world);
    expect(synced).toEqual(["one", "two"]);
    expect(await dataOf("one")).toEqual({ x: "1" });
    expect(await names()).toEqual(["one", "two"]);
    expect(operation).toBeUndefined();
    expect(
      historyRows(await shop(world)).map(({ id, revision, initiatedBy }) => [id, revision, initiatedBy?.username]),
    ).toEqual([
      [2, "a1", undefined],
      [1, "a2", undefined],
      [0, "a1", "ada"],
    ]);
    expect(status?.sync).toMatchObject({ status: "OutOfSync", revision: "a2" });
  });

  test("the same sync asked for twice runs twice", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);
    await world.apply(application());

    for (let time = 0; time < 2; time++) {
      await act(syncPatch(await shop(world)));
      await world.run(seconds(1));
    }

    expect((await shop(world)).status?.history).toHaveLength(2);
  });

  test("rollback is refused while auto-sync is on", async () => {
    repository.commit("a1", [configMap("one", { x: "1" })]);
    await world.apply(application(automated));
    const app = await shop(world);

    expect(() => rollbackPatch(app)).toThrow("auto-sync");
    await act({ type: "merge", value: { operation: { sync: { revision: "a0" } } } });

    expect((await shop(world)).status?.operationState).toMatchObject({
      phase: "Failed",
      message: "Cannot sync to a0: auto-sync currently set to HEAD",
    });
  });

  test("a dry run and a selective sync", async () => {
    repository.commit("a1", [configMap("one", { x: "1" }), configMap("two", { x: "1" })]);
    await world.apply(application());
    await act(syncPatch(await shop(world), { dryRun: true }));
    const dry = await names();

    await act(syncPatch(await shop(world), { resources: [{ kind: "ConfigMap", name: "two" }] }));

    expect(dry).toEqual([]);
    expect(await names()).toEqual(["two"]);
    expect((await shop(world)).status?.history).toBeUndefined();
  });
});

describe("deleting", () => {
  test("with the finalizer the resources go too, without it they stay", async () => {
    repository.commit("a1", [
      configMap("one", { x: "1" }),
      configMap("stay", {}, { "argocd.argoproj.io/sync-options": "Delete=false" }),
    ]);
    await world.apply(application(automated, { finalizers: ["resources-finalizer.argocd.argoproj.io"] }));

    await world.client.delete(applicationKey);
    await world.run(millis(10));

    expect(await world.get(applicationKey)).toBeUndefined();
    expect(await names()).toEqual(["stay"]);
  });
});
