import type { Resource, Service } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { crashesBetween, World, type WorldOptions } from "../../laws/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { checkedFirst, failingChecks } from "../failing-check.fixture.ts";
import { Outside } from "../release.fixture.ts";
import { analysed, BlueGreenRelease, blueGreenReconcilers } from "./blue-green.fixture.ts";

// A verdict comes of answers, which a crash loses. Until they are there again nobody is switched to what was just taken back.

const strategy = { postPromotionAnalysis: analysed("latency") };

/** How often everybody was switched to another version, where all crashes once at a point. */
async function switches(errors: number, beside: readonly Resource[], crash?: WorldOptions["crash"]) {
  const outside = new Outside();
  const world = await World.create({
    reconcilers: blueGreenReconcilers,
    tasks: failingChecks(outside),
    ...(crash === undefined ? {} : { crash }),
  });
  const release = new BlueGreenRelease(world, outside);
  await release.prepare();
  await world.apply(...beside);
  const selected: string[] = [];
  let switchedAt = 0;
  const watch = world.client.watch<Service>({ apiVersion: "v1", kind: "Service" });
  const looking = (async () => {
    for await (const event of watch) {
      if (event.type !== "MODIFIED" || event.object.metadata.name !== "web") continue;
      const hash = event.object.spec.selector?.[podHashLabel] ?? "";
      if (hash === (selected.at(-1) ?? "")) continue;
      selected.push(hash);
      if (selected.length === 2) switchedAt = world.effects;
    }
  })();
  await release.pushBlueGreen("web:v1", strategy);
  outside.answers = { latency: [errors] };
  await release.pushBlueGreen("web:v2", strategy);
  await world.run(seconds(30));
  watch.stop();
  await looking;
  const { abort } = await release.status();
  const { effects } = world;
  world.stop();
  return { selected, abort, switchedAt, effects };
}

test.each<[string, number, readonly Resource[]]>([
  ["an analysis after the switch", 0.5, []],
  ["a synthetic check", 0, [checkedFirst]],
])("what %s took back is switched to once, wherever all crashes from then on", async (_name, errors, beside) => {
  const calm = await switches(errors, beside);

  const again: string[] = [];
  for (const crash of crashesBetween(calm.switchedAt, calm.effects)) {
    const { selected, abort } = await switches(errors, beside, crash);
    if (abort !== true || selected.length > 3) again.push(`${crash.when} effect ${crash.at}: ${selected.join(", ")}`);
  }

  expect(calm).toMatchObject({ abort: true, selected: { length: 3 } });
  expect(again).toEqual([]);
});
