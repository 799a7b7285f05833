import { keyOf, type ReplicaSet } from "@sluice/api";
import { instant, seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World } from "./world.ts";

const set: ReplicaSet = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "web", namespace: "default" },
  spec: { selector: { matchLabels: { app: "web" } } },
};

test("what is deleted while its status is written is gone", async () => {
  const world = await World.create({
    clock: new VirtualClock(instant(0)),
    random: seededRandom(1),
    reconcilers: () => [],
    tasks: {},
  });
  const { client } = world;
  const written = await client.create(set);

  await Promise.all([
    client.update({ ...written, status: { replicas: 1, availableReplicas: 1 } }, { subresource: "status" }),
    client.delete(keyOf(written)),
  ]);

  expect(world.get("ReplicaSet", "web")).toBeUndefined();
});
