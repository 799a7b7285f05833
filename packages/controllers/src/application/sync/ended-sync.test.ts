import type { Application, Client, Resource } from "@sluice/api";
import { Fault, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World, type WorldOptions } from "../../laws/index.ts";
import {
  announce,
  application,
  applicationKey,
  applicationWorld,
  configMap,
  ModelRepository,
  shop,
  withLateSyncs,
} from "../testing/application-world.ts";
import { type ApplyStep, applyManifestsHandler } from "./apply-manifests.ts";

const notes = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "notes" };
const automated: Partial<Application["spec"]> = { syncPolicy: { automated: { prune: true } } };

const settings = configMap("settings", { level: "1" });

/** Two ConfigMaps are there; what is synced from now on comes as late as asked. */
async function synced(options: Partial<WorldOptions> = {}, isHeardLate = false) {
  const repository = new ModelRepository();
  repository.commit("r1", [settings, configMap("notes", { text: "first" })]);
  const late = { wait: seconds(0) };
  const parts = applicationWorld(repository);
  // Of what is written past the loop's own client nothing but the watch tells.
  const past: typeof parts.tasks = (clock) => ({
    ...parts.tasks?.(clock),
    applyManifests: (work, cancellation) => applyManifestsHandler(world.client)(work, cancellation),
  });
  const synced = withLateSyncs(isHeardLate ? { ...parts, tasks: past } : parts, () => late.wait);
  const world: World = await World.create({ ...synced, ...options });
  for (const name of ["default", "argocd"]) {
    await world.client
      .create({ apiVersion: "v1", kind: "Namespace", metadata: { name } })
      .catch(() => "it is there already");
  }
  await world.apply(application(automated, { finalizers: ["resources-finalizer.argocd.argoproj.io"] }));
  await world.run(seconds(10));
  return { repository, world, late };
}

test("a sync that fails with its wave on its way, as its revision can't be read, writes none of it after the next one", async () => {
  const { repository, world, late } = await synced();

  late.wait = seconds(20);
  repository.commit("r2", [settings, configMap("notes", { text: "second" })]);
  await announce(world);
  repository.fault = new Fault("unavailable", "could not resolve host");
  await announce(world);
  await world.run(seconds(1));
  late.wait = seconds(0);
  repository.fault = undefined;
  repository.commit("r3", [settings]);
  await announce(world);
  await world.run(seconds(5));
  const pruned = await world.get<Resource>(notes);
  await world.run(seconds(60));

  expect(pruned).toBeUndefined();
  expect((await shop(world)).status?.operationState).toMatchObject({
    phase: "Succeeded",
    syncResult: { revision: "r3" },
  });
  expect(await world.get<Resource>(notes)).toBeUndefined();
  world.stop();
});

test("what a sync has made that a newer one takes the place of is pruned by that, however late the news of it comes", async () => {
  const left: number[] = [];

  for (let seed = 1; seed <= 20; seed++) {
    const { repository, world, late } = await synced({ stale: true, seed }, true);
    late.wait = seconds(1);
    repository.commit("r2", [settings, configMap("notes", { text: "first" }), configMap("more", {})]);
    await announce(world);
    repository.commit("r3", [settings]);
    await announce(world);
    await world.run(seconds(120));
    if ((await world.get<Resource>({ ...notes, name: "more" })) !== undefined) left.push(seed);
    world.stop();
  }

  expect(left).toEqual([]);
});

test("an Application that is deleted with a wave on its way leaves nothing that is written later", async () => {
  const { repository, world, late } = await synced();

  late.wait = seconds(20);
  repository.commit("r2", [settings, configMap("notes", { text: "second" })]);
  await announce(world);
  await world.client.delete(applicationKey);
  await world.settle();
  await world.run(seconds(60));

  expect(await world.get<Application>(applicationKey)).toBeUndefined();
  expect(await world.get<Resource>(notes)).toBeUndefined();
  world.stop();
});

test("what is cancelled amid a wave writes no more of the same kind", async () => {
  const written: string[] = [];
  const cancellation = { isCancelled: false, onCancel: () => {} };
  const client = {
    patch: async (key: { readonly name: string }, { value }: { readonly value: Resource }) => {
      written.push(key.name);
      cancellation.isCancelled = true;
      return value;
    },
  } as unknown as Client;
  const steps = ["one", "two", "three"].map(
    (name): ApplyStep => ({
      act: "apply",
      text: name,
      object: configMap(name, {}),
      isReplace: false,
      isValidated: true,
    }),
  );

  await applyManifestsHandler(client, { parallel: 1 })(
    { do: "applyManifests", dryRun: [], steps } as never,
    cancellation,
  );

  expect(written).toEqual(["one"]);
});
