import type { Pod } from "@sluice/api";
import { formatInstant, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World } from "../laws/index.ts";
import { retryPatch } from "./index.ts";
import { careful, handlers, Outside, Release, type ReleaseOptions, reconcilers, released } from "./release.fixture.ts";

/** Its Pods stay for a look until somebody asks for it again. */
const keptForALook: ReleaseOptions = { ...careful, canary: { abortScaleDownDelaySeconds: 0 } };

/** A person lifts the Quarantine, and asks for the version again where it is still the one that is wanted. */
async function lifted(release: Release): Promise<void> {
  for (const { metadata } of await release.quarantines()) {
    const of = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine", namespace: "shop", name: metadata.name };
    await release.world.client.patch(of, { type: "merge", value: { spec: { liftedBy: "ada" } } });
  }
  await release.world.settle();
}

/** The only container of each Pod of `image` has restarted so often, and ended so the last time. */
async function restarted(release: Release, image: string, restartCount: number, reason = "Error"): Promise<void> {
  const pods = await release.world.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { namespace: "shop" });
  const finishedAt = formatInstant(release.world.clock.now());
  for (const pod of pods.filter(({ spec }) => spec.containers[0]?.image === image)) {
    const [container] = pod.status?.containerStatuses ?? [];
    const lastState = { terminated: { exitCode: 1, reason, finishedAt } };
    const containerStatuses = [{ ...container, restartCount, lastState }];
    const value = { ...pod, status: { ...pod.status, containerStatuses } } as Pod;
    await release.world.client.update(value, { subresource: "status" });
  }
  await release.world.settle();
}

test.each([
  ["a crash loop", "web:crashing", "Error", 3, 2, 3],
  ["a death for want of memory", "web:greedy", "OOMKilled", 1, 0, 1],
] as const)(
  "%s of before a person lifted it says nothing; one of after that does",
  async (_, image, reason, before, few, many) => {
    const release = await released(keptForALook);
    await release.push(image, keptForALook);
    await restarted(release, image, before, reason);
    await release.world.run(minutes(2));
    expect(await release.quarantines()).toHaveLength(1);

    await lifted(release);
    await release.ask(retryPatch);
    await release.world.run(seconds(20));
    if (few > 0) await restarted(release, image, before + few, reason);

    expect(await release.status()).toMatchObject({ phase: "Progressing" });
    expect((await release.status()).abort).toBeUndefined();
    await restarted(release, image, before + many, reason);
    expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
    expect(await release.quarantines()).toHaveLength(2);
  },
);

test("asked for again as another revision, its Pods that still stand begin with nothing against them", async () => {
  const release = await released();
  await release.push("web:crashing", careful);
  await release.push("web:v1", careful);
  await lifted(release);

  await release.push("web:crashing", careful);
  await release.world.run(seconds(5));

  expect(await release.status()).toMatchObject({ phase: "Progressing", begunAgain: { restarts: expect.anything() } });
  expect(await release.quarantines()).toHaveLength(1);
});

test("requests of the first attempt are no proof that the second one got any", async () => {
  const outside = new Outside();
  const asked: number[] = [];
  const world = await World.create({
    reconcilers,
    tasks: (clock) => ({
      ...handlers(outside)(clock),
      canaryTraffic: async ({ sinceSeconds }) => {
        asked.push(Number(sinceSeconds));
        return { requests: 100 };
      },
    }),
  });
  const release = new Release(world, outside);
  await release.prepare();
  await release.push("web:v1", keptForALook);
  await world.run(seconds(60));
  outside.answers = { errors: [0.5] };
  await release.push("web:v2", keptForALook);
  await world.run(minutes(10));
  outside.answers = { errors: [0.01] };
  const first = asked.length;

  await lifted(release);
  await release.ask(retryPatch);
  await world.run(minutes(4));

  expect(await release.stableImage()).toBe("web:v2");
  expect((await release.status()).begunAgain).toBeUndefined();
  expect(asked.length).toBeGreaterThan(first);
  expect(Math.max(...asked.slice(first))).toBeLessThan(300);
});
