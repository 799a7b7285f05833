import { keyOf } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { crashesBetween, World, type WorldOptions } from "../../laws/index.ts";
import { checkedFirst } from "../failing-check.fixture.ts";
import { handlers, Outside, pause, Release, type ReleaseOptions, reconcilers, setWeight } from "../release.fixture.ts";
import { hashOf } from "../view.ts";

const options: ReleaseOptions = { steps: [setWeight(20), pause()] };

/** Its Pods are away for a while, and are there again before anybody looks. */
async function weights(crash?: WorldOptions["crash"]) {
  const outside = new Outside();
  const made = crash === undefined ? {} : { crash };
  const world = await World.create({ reconcilers, tasks: handlers(outside), ...made });
  const release = new Release(world, outside);
  await release.prepare();
  await world.apply(checkedFirst);
  await release.push("web:v1", options);
  await release.push("web:v2", options);
  await world.run(seconds(10));
  const [given, begun] = [await release.weight(), world.effects];
  await release.limit("web:v2", 0);
  await world.run(seconds(10));
  const [fallen, effects] = [await release.weight(), world.effects];
  await release.limit("web:v2", undefined);
  const { currentPodHash } = await release.status();
  for (const set of await release.replicaSets()) {
    if (hashOf(set) !== currentPodHash) continue;
    const value = { status: { replicas: 1, readyReplicas: 1, availableReplicas: 1 } };
    await world.client.patch(keyOf(set), { type: "merge", value }, { subresource: "status" });
  }
  await world.run(seconds(60));
  world.stop();
  return { given, fallen, again: await release.weight(), begun, effects };
}

test("where nothing is analysed no check is asked, and no weight waits for one: wherever all crash", async () => {
  const calm = await weights();

  const waiting: string[] = [];
  for (const crash of crashesBetween(calm.begun, calm.effects)) {
    const { again } = await weights({ ...crash, away: seconds(15) });
    if (again !== 20) waiting.push(`${crash.when} effect ${crash.at}: ${again}`);
  }

  expect(calm).toMatchObject({ given: 20, fallen: 0, again: 20 });
  expect(waiting).toEqual([]);
});
