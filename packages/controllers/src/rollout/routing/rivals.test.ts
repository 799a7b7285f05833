import type { CanaryStrategy, Resource, Rollout } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { pause, Release, rollout, setWeight } from "../release.fixture.ts";
import { another, decisions, events, namespace, onOne, released, route, rule, serviceOf } from "./routing.fixture.ts";

const rivalKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: "rival" };
/** The same weights as those of `web`, on Pods of its own. */
const rival = (image: string, trafficRouting: CanaryStrategy["trafficRouting"], name = "rival"): Rollout => {
  const made = rollout(image, { steps: [setWeight(50), pause()] });
  const labels = { app: name };
  return {
    ...made,
    metadata: { ...made.metadata, name },
    spec: {
      ...made.spec,
      selector: { matchLabels: labels },
      template: { ...made.spec.template, metadata: { labels } } as Rollout["spec"]["template"] & object,
      strategy: {
        canary: { ...made.spec.strategy.canary, ...(trafficRouting === undefined ? {} : { trafficRouting }) },
      },
    },
  };
};

test("of two Rollouts on one route the older has it, the younger is told so and changes nothing; it follows when the older goes", async () => {
  const options = { steps: [setWeight(20), pause()] };
  const release = await released(options);
  await release.push("web:v2", options);

  await release.world.apply(rival("rival:v1", onOne));
  await release.world.run(minutes(5));

  const words = `its route 'primary' is weighed by the older Rollout shop/web`;
  const younger = await release.world.get<Rollout>(rivalKey);
  expect(younger?.status?.phase).toBe("Degraded");
  expect(younger?.status?.message).toContain(words);
  expect((await events(release, "InvalidSpec")).join()).toContain(words);
  const refused = (await decisions(release)).filter(({ spec }) => spec.action === "refuse");
  expect(refused.map(({ spec }) => [spec.subject.name, spec.because.includes(words)])).toEqual([["rival", true]]);
  expect(await release.weight()).toBe(20);
  expect(await release.status()).toMatchObject({ phase: "Paused" });
  expect(await events(release, "TrafficWeightRestored")).toEqual([]);

  await release.world.client.delete({ ...rivalKey, name: "web" });
  await release.world.run(seconds(60));

  expect((await release.world.get<Rollout>(rivalKey))?.status).toMatchObject({ phase: "Healthy" });
});

test("the older of two has the route also where it came to it last", async () => {
  const release = await Release.begin();
  const elsewhere = {
    istio: { virtualService: { name: "elsewhere", routes: ["primary"] }, destinationRule: { ...rule, name: "else" } },
  };
  await release.world.apply(
    ruleOf("else"),
    another("elsewhere", { http: [{ name: "primary", route: [route("stable", 100), route("canary", 0)] }] }),
    rival("rival:v1", elsewhere),
  );
  await release.world.run(seconds(10));
  await release.push("web:v1", { steps: [setWeight(20), pause()] });
  await release.world.run(seconds(10));

  await release.world.apply(rival("rival:v1", onOne));
  await release.world.run(seconds(10));

  expect((await release.status()).message).toContain("weighed by the older Rollout shop/rival");
  expect((await release.world.get<Rollout>(rivalKey))?.status).toMatchObject({ phase: "Healthy" });
});

const ruleOf = (name: string): Resource =>
  ({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace },
    spec: { host: "web", subsets: [{ name: "stable" }, { name: "canary" }] },
  }) as Resource;

test("two Rollouts on different routes of one VirtualService leave each other alone", async () => {
  const release = await Release.begin();
  const both = [route("stable", 100), route("canary", 0)];
  const on = (name: string) => ({
    istio: { virtualService: { name: "shared", routes: [name] }, destinationRule: { ...rule, name } },
  });
  await release.world.apply(
    ruleOf("a"),
    ruleOf("b"),
    another("shared", {
      http: [
        { name: "a", route: both },
        { name: "b", route: both },
      ],
    }),
    rival("a:v1", on("a"), "a"),
    rival("b:v1", on("b"), "b"),
  );
  await release.world.run(seconds(10));

  await release.world.apply(rival("a:v2", on("a"), "a"));
  await release.world.run(seconds(30));

  const shares = (await serviceOf(release, "shared"))?.spec.http?.map((one) => one.route?.[1]?.weight);
  expect(shares).toEqual([50, 0]);
  expect(await events(release, "InvalidSpec")).toEqual([]);
  expect(await events(release, "TrafficWeightRestored")).toEqual([]);
});

test("of two Rollouts on one DestinationRule the older has its subsets", async () => {
  const release = await released({ steps: [setWeight(20), pause()] });
  const elsewhere = { istio: { ...onOne.istio, virtualService: { name: "elsewhere", routes: ["primary"] } } };

  await release.world.apply(
    another("elsewhere", { http: [{ name: "primary", route: [route("stable", 100), route("canary", 0)] }] }),
    rival("rival:v1", elsewhere),
  );
  await release.world.run(seconds(10));

  expect((await release.world.get<Rollout>(rivalKey))?.status?.message).toContain(
    "its subsets are the versions of the older Rollout shop/web",
  );
  expect(await release.subsets()).toEqual({ stable: "web:v1", canary: "web:v1" });
});
