import { ApiFault, type Client, type Decision, keyOf, type Resource, type Service } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { World } from "../../laws/index.ts";
import type { Effects } from "../../loop/index.ts";
import { rolloutReconciler } from "../reconciler.ts";
import { BlueGreenRelease, blueGreenReconcilers } from "./blue-green.fixture.ts";

const decisionKind = { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" };
const isSwitch = (object: Resource): boolean =>
  object.kind === "Decision" && (object as Decision).spec.because.includes("everybody gets it from now on");

test("of a switch that is refused nothing is told: the one that comes is told of as it is made", async () => {
  let meddles = 0;
  let world: World | undefined;
  const meddled = (effects: Effects) => {
    const real = rolloutReconciler(effects);
    const apply: typeof real.apply = async (rollout, action) => {
      // Somebody labels the Service between the look and the switch, once.
      if (action.do === "create" && isSwitch(action.object) && meddles++ === 0) {
        const service = await world?.get<Service>({
          apiVersion: "v1",
          kind: "Service",
          namespace: "shop",
          name: "web",
        });
        const patch = { type: "merge", value: { metadata: { labels: { team: "shop" } } } } as const;
        if (service !== undefined) await world?.client.patch(keyOf(service), patch);
      }
      return real.apply(rollout, action);
    };
    return [{ ...real, apply }, ...blueGreenReconcilers(effects).slice(1)];
  };
  const release = await BlueGreenRelease.begin({ reconcilers: meddled });
  world = release.world;
  await release.pushBlueGreen("web:v1");
  await release.world.run(seconds(60));

  await release.pushBlueGreen("web:v2");
  await release.world.run(seconds(60));

  const told = (await release.world.list<Decision>(decisionKind)).filter(isSwitch);
  expect(meddles).toBe(2);
  expect(told).toHaveLength(1);
  expect(await release.selected()).toBe("web:v2");
});

/** What an admission webhook of a cluster says to changes of the active Service, while it says something. */
function guarded(says: (isDryRun: boolean) => ApiFault | undefined) {
  return (effects: Effects) => {
    const update: Client["update"] = async (object, options) => {
      const refusal =
        object.kind === "Service" && object.metadata.name === "web" ? says(options?.dryRun === true) : undefined;
      if (refusal !== undefined) throw refusal;
      return effects.client.update(object, options);
    };
    return blueGreenReconcilers({ ...effects, client: { ...effects.client, update } });
  };
}

test.each([
  ["Forbidden", 'admission webhook "freeze" denied the request: nothing changes on Fridays'],
  ["InternalError", 'failed calling webhook "freeze": connection refused'],
] as const)(
  "a switch that is refused for good says so in its status, and is made once it may be: %s",
  async (reason, words) => {
    let isRefused = false;
    const release = await BlueGreenRelease.begin({
      reconcilers: guarded(() => (isRefused ? new ApiFault(reason, words) : undefined)),
    });
    await release.pushBlueGreen("web:v1");
    await release.world.run(seconds(60));
    isRefused = true;

    await release.pushBlueGreen("web:v2");
    await release.world.run(seconds(120));
    const refused = await release.status();
    const before = await release.selected();
    isRefused = false;
    await release.world.run(seconds(60));
    const made = await release.status();

    expect(refused).toMatchObject({
      phase: "Degraded",
      message: expect.stringContaining(`Service web can't be changed: ${words}`),
    });
    expect(before).toBe("web:v1");
    expect(made.phase).toBe("Healthy");
    expect(await release.selected()).toBe("web:v2");
    expect((await release.world.list<Decision>(decisionKind)).filter(isSwitch)).toHaveLength(1);
  },
);

test("where a webhook can't be tried the switch is made all the same", async () => {
  const words = 'admission webhook "labels" does not support dry run';
  const release = await BlueGreenRelease.begin({
    reconcilers: guarded((isDryRun) => (isDryRun ? new ApiFault("BadRequest", words) : undefined)),
  });
  await release.pushBlueGreen("web:v1");
  await release.world.run(seconds(60));

  await release.pushBlueGreen("web:v2");
  await release.world.run(seconds(60));

  expect(await release.selected()).toBe("web:v2");
  expect((await release.world.list<Decision>(decisionKind)).filter(isSwitch)).toHaveLength(1);
});
