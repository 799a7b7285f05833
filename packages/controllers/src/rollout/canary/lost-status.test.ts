import { keyOf, type VirtualService } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { Effect, Effects } from "../../loop/index.ts";
import { promotePatch } from "../index.ts";
import { rolloutReconciler } from "../reconciler.ts";
import {
  availableAnnotation,
  pause,
  Release,
  type ReleaseOptions,
  reconcilers,
  setWeight,
} from "../release.fixture.ts";
import { wantedOf } from "../view.ts";

// A status that was to tell of a weight is lost to a conflict, since somebody edits just after the routes were written.

const weightIn = (effect: Effect): number | undefined =>
  effect.do === "update" && effect.object.kind === "VirtualService"
    ? (effect.object as VirtualService).spec.http?.[0]?.route?.[1]?.weight
    : undefined;

const scale = async (release: Release, replicas: number) => {
  await release.world.client.patch(keyOf(await release.rollout()), { type: "merge", value: { spec: { replicas } } });
};

/** Does this once, just after the routes give so much. */
class Amid {
  #next: { readonly weight: number; readonly act: () => Promise<void> } | undefined;

  once(weight: number, act: () => Promise<void>): void {
    this.#next = { weight, act };
  }

  reconcilers = (effects: Effects) => {
    const [real, ...others] = reconcilers(effects);
    const apply: ReturnType<typeof rolloutReconciler>["apply"] = async (rollout, effect) => {
      await rolloutReconciler(effects).apply(rollout, effect);
      const weight = weightIn(effect);
      const next = this.#next;
      if (next === undefined || weight !== next.weight) return;
      this.#next = undefined;
      await next.act();
    };
    return [{ ...real, apply }, ...others] as ReturnType<typeof reconcilers>;
  };
}

test.each<[string, ReleaseOptions, number, (release: Release) => Promise<void>]>([
  ["without steps", { steps: [] }, 100, async () => {}],
  ["at its first step", { steps: [setWeight(50), pause()] }, 50, async () => {}],
  [
    "asked for all of it",
    { steps: [setWeight(50), pause()] },
    50,
    (release) => release.ask((rollout) => promotePatch(rollout, { full: true })),
  ],
  [
    "with a smaller stable version",
    { steps: [setWeight(50), pause()], canary: { dynamicStableScale: true } },
    50,
    async () => {},
  ],
])("a version keeps what the routes give it while it is made larger, %s", async (_words, options, weight, ask) => {
  const amid = new Amid();
  const release = await Release.begin({ reconcilers: amid.reconcilers });
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  amid.once(weight, async () => {
    // Those that it is asked for besides don't come yet.
    const set = (await release.replicaSets()).find((one) => one.spec.template?.spec.containers[0]?.image === "web:v2");
    if (set === undefined) throw new Error("no ReplicaSet of web:v2");
    const has = { metadata: { annotations: { [availableAnnotation]: String(wantedOf(set)) } } };
    await release.world.client.patch(keyOf(set), { type: "merge", value: has });
    await release.world.client.patch(keyOf(await release.rollout()), {
      type: "merge",
      value: { spec: { replicas: 8 } },
    });
  });
  await release.push("web:v2", options);
  await release.world.settle();
  await ask(release);
  const kept = await release.weight();
  const pods = await release.pods();

  expect(kept).toBe(weight);
  expect(pods["web:v2"]).toBeGreaterThan(weight === 100 ? 4 : 2);
});

test("a version that lost all while it was asked for no Pods gets nothing back before it has some again", async () => {
  const options = { steps: [setWeight(50), pause()] };
  const amid = new Amid();
  const release = await Release.begin({ reconcilers: amid.reconcilers });
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  await release.push("web:v2", options);
  await release.world.run(seconds(60));
  const had = await release.weight();
  amid.once(0, () => scale(release, 4));
  // Its Pods are asked to go, and are counted still.
  await release.deafen("web:v2");
  await release.push("web:v2", { ...options, spec: { replicas: 0 } });
  await release.world.settle();
  const lost = await release.weight();
  await release.deafen("web:v2", false);
  await release.world.run(seconds(5));

  expect(had).toBe(50);
  expect(lost).toBe(0);
  expect(await release.weight()).toBe(50);
});
