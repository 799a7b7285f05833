import { keyOf, type Resource, type Service } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { crashesBetween, World, type WorldOptions } from "../../laws/index.ts";
import {
  handlers,
  Outside,
  Release,
  type ReleaseOptions,
  reconcilers,
  setWeight,
  template,
} from "../release.fixture.ts";

const namespace = "shop";
const service = (name: string): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});
const host = (name: string, weight: number) => ({ destination: { host: name }, weight });
const turns = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "turns", namespace },
  spec: { hosts: ["turns"], http: [{ route: [host("ping", 100), host("pong", 0)] }] },
} as Resource;
const options: ReleaseOptions = {
  steps: [setWeight(50)],
  canary: {
    pingPong: { pingService: "ping", pongService: "pong" },
    analysis: { templates: [{ templateName: "errors" }], startingStep: 2 },
    trafficRouting: { istio: { virtualService: { name: "turns" } } },
  },
};

/** While nobody is there after a crash somebody deletes what it names, and brings it back later. */
async function told(crash?: WorldOptions["crash"]) {
  const outside = new Outside();
  const made = crash === undefined ? {} : { crash };
  const world = await World.create({ reconcilers, tasks: handlers(outside), ...made });
  const release = new Release(world, outside);
  await release.prepare();
  await world.apply(service("ping"), service("pong"), turns);
  await release.push("web:v1", options);
  await world.run(seconds(40));
  const begun = world.effects;
  await release.push("web:v2", options);
  await world.run(seconds(2));
  const errors = template("errors", {});
  await world.client.delete(keyOf(errors));
  await world.run(seconds(20));
  const { phase } = await release.status();
  await world.apply(errors);
  await world.run(seconds(120));
  const { effects } = world;
  world.stop();
  return { decisions: await release.decisions(), phase, begun, effects };
}

test("a spec that is invalid just after two Services changed sides lets nobody be said to have changed the routes", async () => {
  const calm = await told();

  const wrong: string[] = [];
  for (const crash of crashesBetween(calm.begun, calm.effects)) {
    const { decisions } = await told({ ...crash, away: seconds(10) });
    if (decisions.includes("restore")) wrong.push(`${crash.when} effect ${crash.at}: ${decisions}`);
  }

  expect(calm).toMatchObject({ phase: "Degraded", decisions: expect.not.arrayContaining(["restore"]) });
  expect(wrong).toEqual([]);
});
