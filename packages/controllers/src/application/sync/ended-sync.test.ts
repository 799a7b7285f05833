import type { Application, Client, Resource } from "@sluice/api";
import { Fault, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World } from "../../laws/index.ts";
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
async function synced() {
  const repository = new ModelRepository();
  repository.commit("r1", [settings, configMap("notes", { text: "first" })]);
  const late = { wait: seconds(0) };
  const world = await World.create(withLateSyncs(applicationWorld(repository), () => late.wait));
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
