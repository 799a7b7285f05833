import { builtInKinds, type Resource, type Service } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { beforeEach, expect, test } from "vitest";
import { plainKinds, World } from "../laws/index.ts";
import { syncPatch } from "./patches.ts";
import {
  announce,
  application,
  applicationKey,
  applicationWorld,
  automated,
  ModelRepository,
  shop,
} from "./testing/application-world.ts";

/** With the schema's own word that a selector is one value: whoever writes it writes all of it. */
const atomic = builtInKinds().filter(({ group, kind }) => group === "" && kind === "Service");

let repository: ModelRepository;
let world: World;
beforeEach(async () => {
  repository = new ModelRepository();
  world = await World.create({ ...applicationWorld(repository, atomic), kinds: [...plainKinds, ...atomic] });
  for (const name of ["default", "argocd"])
    await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
});

const hash = "rollouts-pod-template-hash";
const key = { apiVersion: "v1", kind: "Service", namespace: "default", name: "web" };
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
} as Resource;
const rollout = (stableService: string) =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "default" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:v1" }] } },
      strategy: { canary: { stableService, canaryService: "web-canary", steps: [] } },
    },
  }) as Resource;

/** A Rollout made it select one version, and git was synced meanwhile. */
async function selectedBy(metadata: object): Promise<void> {
  await world.apply(rollout("web"));
  repository.commit("a1", [service]);
  await world.apply(application(automated));
  await world.client.patch(key, { type: "merge", value: { metadata, spec: { selector: { [hash]: "one" } } } });
  repository.commit("a2", [{ ...service, metadata: { name: "web", labels: { team: "shop" } } } as Resource]);
  await announce(world);
}

const selector = async () => (await world.get<Service>(key))?.spec.selector;

test("whom a Rollout lets a Service select stays through syncs", async () => {
  await selectedBy({});

  expect(await selector()).toEqual({ app: "web", [hash]: "one" });
  expect((await shop(world)).status?.sync?.status).toBe("Synced");
});

test("one whose Rollout is on its way out stays as long as the Service says whose it is", async () => {
  await selectedBy({ annotations: { "argo-rollouts.argoproj.io/managed-by-rollouts": "web" } });
  await world.apply(rollout("else"));
  await world.client.patch(applicationKey, syncPatch(await shop(world), { by: "ada" }));
  await world.run(seconds(30));

  expect(await selector()).toEqual({ app: "web", [hash]: "one" });
});

test("a version that no Rollout speaks of any more goes with the next look, so that users reach the Pods that git names", async () => {
  await selectedBy({});
  await world.apply(rollout("else"));
  await world.run(seconds(30));

  expect(await selector()).toEqual({ app: "web" });
  expect((await shop(world)).status?.sync?.status).toBe("Synced");
});
