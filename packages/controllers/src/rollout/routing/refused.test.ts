import { ApiFault, type Client } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { Effects } from "../../loop/index.ts";
import { abortPatch } from "../index.ts";
import { pause, Release, reconcilers, setWeight } from "../release.fixture.ts";

const words = 'admission webhook "freeze" denied the request: nothing changes on Fridays';

/** A cluster whose webhook may refuse every change of a route. */
class Frozen {
  isFrozen = false;

  reconcilers = (effects: Effects) => {
    const update: Client["update"] = async (object, options) => {
      if (this.isFrozen && object.kind === "VirtualService") throw new ApiFault("Forbidden", words);
      return effects.client.update(object, options);
    };
    return reconcilers({ ...effects, client: { ...effects.client, update } });
  };
}

async function underway() {
  const frozen = new Frozen();
  const release = await Release.begin({ reconcilers: frozen.reconcilers });
  const options = { steps: [setWeight(20), pause("10s"), setWeight(50), pause()] };
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  await release.push("web:v2", options);
  await release.world.run(seconds(5));
  frozen.isFrozen = true;
  return { frozen, release };
}

test("a step whose weight the API refuses says so in status, and is gone to once it may be", async () => {
  const { frozen, release } = await underway();

  await release.world.run(seconds(120));
  const refused = await release.status();
  const before = await release.weight();
  frozen.isFrozen = false;
  await release.world.run(seconds(60));

  expect(refused).toMatchObject({
    phase: "Degraded",
    message: expect.stringContaining(`VirtualService web can't be changed: ${words}`),
  });
  expect(before).toBe(20);
  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 3 });
  expect(await release.weight()).toBe(50);
});

test("traffic that the API refuses to take back is taken back as soon as it may be", async () => {
  const { frozen, release } = await underway();
  await release.ask(abortPatch);
  await release.world.run(seconds(120));
  const before = await release.weight();

  frozen.isFrozen = false;
  await release.world.run(seconds(60));

  expect(before).toBe(20);
  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
});
