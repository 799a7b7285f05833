import { ApiFault, type Client } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { Effects } from "../../loop/index.ts";
import { abortPatch } from "../index.ts";
import { pause, Release, reconcilers, setWeight } from "../release.fixture.ts";
import { another, route, rule } from "./routing.fixture.ts";

const words = 'admission webhook "freeze" denied the request: nothing changes on Fridays';

/** A cluster whose webhook may refuse every change of a route, or those of some. */
class Frozen {
  isFrozen = false;
  names: readonly string[] | undefined;

  reconcilers = (effects: Effects) => {
    const update: Client["update"] = async (object, options) => {
      const isMeant = this.names === undefined || this.names.includes(object.metadata.name);
      if (this.isFrozen && isMeant && object.kind === "VirtualService") throw new ApiFault("Forbidden", words);
      return effects.client.update(object, options);
    };
    return reconcilers({ ...effects, client: { ...effects.client, update } });
  };
}

async function underway(names?: readonly string[]) {
  const frozen = new Frozen();
  frozen.names = names;
  const release = await Release.begin({ reconcilers: frozen.reconcilers });
  const virtualServices = ["web", "db"].map((name) => ({ name, routes: ["primary"] }));
  const several = { trafficRouting: { istio: { virtualServices, destinationRule: rule } } };
  const steps = [setWeight(20), pause("10s"), setWeight(50), pause()];
  const options = { steps, ...(names === undefined ? {} : { canary: several }) };
  if (names !== undefined) {
    const http = [{ name: "primary", route: [route("stable", 100), route("canary", 0)] }];
    await release.world.apply(another("db", { http }));
  }
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

test.each([
  ["web", "db"],
  ["db", "web"],
])(
  "where the API refuses %s, %s is taken back all the same, the verdict stands, and status says who is left",
  async (name, other) => {
    const { frozen, release } = await underway([name]);
    await release.ask((rollout) => abortPatch(rollout, { bad: "it looks odd" }));
    await release.world.run(seconds(120));
    const before = [await release.weight(name), await release.weight(other)];
    const stranded = await release.status();
    const pods = await release.pods();

    frozen.isFrozen = false;
    await release.world.run(seconds(120));

    expect(before).toEqual([20, 0]);
    expect(stranded).toMatchObject({ phase: "Degraded", abort: true });
    expect(stranded?.message).toContain(
      `not all of its traffic is taken back: VirtualService ${name} can't be changed: ${words}`,
    );
    expect(pods["web:v2"]).toBeGreaterThan(0);
    expect(await release.quarantines()).toHaveLength(1);
    expect(await release.weight(name)).toBe(0);
    expect((await release.status())?.message).not.toContain("is taken back");
    expect((await release.pods())["web:v2"] ?? 0).toBe(0);
  },
);
