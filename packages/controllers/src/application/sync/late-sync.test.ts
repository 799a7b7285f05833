import type { Resource } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World } from "../../laws/index.ts";
import { syncPatch } from "../patches.ts";
import {
  application,
  applicationKey,
  applicationWorld,
  ModelRepository,
  shop,
  withLateSyncs,
} from "../testing/application-world.ts";

const namespace = "default";
const hash = "rollouts-pod-template-hash";
const istio = "networking.istio.io/v1";
const share = (subset: string, weight: number) => ({ destination: { host: "web", subset }, weight });
const named = (apiVersion: string, kind: string, spec: object): Resource =>
  ({ apiVersion, kind, metadata: { name: "web", namespace }, spec }) as Resource;

const rollout = named("argoproj.io/v1alpha1", "Rollout", {
  strategy: {
    canary: {
      trafficRouting: {
        istio: {
          virtualService: { name: "web" },
          destinationRule: { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" },
        },
      },
    },
  },
});
const inGit = {
  DestinationRule: named(istio, "DestinationRule", {
    host: "web",
    subsets: [{ name: "stable" }, { name: "canary" }],
  }),
  VirtualService: named(istio, "VirtualService", {
    hosts: ["web"],
    http: [{ name: "primary", route: [share("stable", 100), share("canary", 0)] }],
  }),
  Service: named("v1", "Service", { selector: { app: "web" }, ports: [{ port: 80 }] }),
};
/** As a Rollout with two versions writes it. */
const written = {
  DestinationRule: {
    subsets: [
      { name: "stable", labels: { [hash]: "a" } },
      { name: "canary", labels: { [hash]: "b" } },
    ],
  },
  VirtualService: { http: [{ name: "primary", route: [share("stable", 80), share("canary", 20)] }] },
  Service: { selector: { app: "web", [hash]: "a" } },
};

test.each(Object.keys(inGit) as (keyof typeof inGit)[])(
  "a sync that was planned before a Rollout wrote into a %s, and comes late, takes nothing of it back",
  async (kind) => {
    const repository = new ModelRepository();
    repository.commit("r1", [inGit[kind]]);
    let wait = seconds(0);
    const world = await World.create(withLateSyncs(applicationWorld(repository), () => wait));
    for (const name of [namespace, "argocd"]) {
      await world.client
        .create({ apiVersion: "v1", kind: "Namespace", metadata: { name } })
        .catch(() => "it is there already");
    }
    const sync = async () => {
      for (const patch of [syncPatch(await shop(world), { by: "ada" })])
        await world.client.patch(applicationKey, patch);
      await world.settle();
    };
    await world.apply(rollout, application());
    await sync();
    await world.run(seconds(5));

    wait = seconds(20);
    await sync();
    const key = { apiVersion: inGit[kind].apiVersion, kind, namespace, name: "web" };
    await world.client.patch(key, { type: "merge", value: { spec: written[kind] } });
    const before = (await world.get<Resource>(key))?.spec;
    let isTouched = false;
    for (let second = 0; second < 60; second++) {
      await world.run(seconds(1));
      isTouched ||= JSON.stringify((await world.get<Resource>(key))?.spec) !== JSON.stringify(before);
    }

    expect(isTouched).toBe(false);
    expect((await shop(world)).status?.operationState?.phase).toBe("Succeeded");
    world.stop();
  },
);
