import { keyOf, type Pod, type Resource, type Service } from "@sluice/api";
import { formatInstant, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { isReady } from "../../pods/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { promotePatch, restartPatch } from "../index.ts";
import { BlueGreenRelease, byHand } from "./blue-green.fixture.ts";

test("a switch doesn't wait for a restart that a budget has no room for", async () => {
  const release = await BlueGreenRelease.released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  await release.world.apply({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web", namespace: "shop" },
    spec: { selector: {}, minAvailable: "100%" },
  } as Resource);
  await release.world.run(seconds(10));
  await release.ask((rollout) => restartPatch(rollout, formatInstant(release.world.clock.now())));

  await release.ask(promotePatch);
  await release.world.run(minutes(20));

  expect(await release.answering()).toEqual(["web:v2"]);
  expect(await release.stableImage()).toBe("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Progressing", message: "rollout is restarting" });
});

interface Change {
  readonly revision: number;
  readonly object: Pod | Service;
  readonly isGone: boolean;
}

/** Everything that happens to Pods and Services from now on. */
function watched({ client }: BlueGreenRelease["world"]) {
  const changes: Change[] = [];
  const watches = ["Pod", "Service"].map((kind) => client.watch<Pod | Service>({ apiVersion: "v1", kind }));
  for (const watch of watches) {
    void (async () => {
      for await (const event of watch) {
        if (event.type === "BOOKMARK") continue;
        const { object, type } = event;
        changes.push({ revision: Number(object.metadata.resourceVersion), object, isGone: type === "DELETED" });
      }
    })();
  }
  const stop = () => {
    for (const watch of watches) watch.stop();
    return changes.toSorted((a, b) => a.revision - b.revision);
  };
  return { stop };
}

/** Pods of this version are as young as can be: a restart has none of them to take. */
async function renew({ world }: BlueGreenRelease, image: string): Promise<void> {
  const pods = await world.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { namespace: "shop" });
  for (const pod of pods) {
    if (pod.spec.containers[0]?.image === image) await world.client.delete(keyOf(pod));
  }
  await world.settle();
}

/** A restart, and the promotion before anybody has seen what the restart did. */
async function askBoth(release: BlueGreenRelease): Promise<void> {
  const rollout = await release.rollout();
  const restart = restartPatch(rollout, formatInstant(release.world.clock.now()));
  for (const { patch, subresource } of [...restart, ...promotePatch(rollout)]) {
    const options = subresource === undefined ? {} : { subresource };
    await release.world.client.patch(keyOf(rollout), patch, options);
  }
}

test("nobody is sent to a Pod that a restart has just taken, however late that is heard of", async () => {
  const unready: string[] = [];
  let switches = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const release = await BlueGreenRelease.begin({ stale: true, seed });
    await release.pushBlueGreen("web:v1", byHand, { replicas: 1 });
    await release.world.run(seconds(10));
    const { stop } = watched(release.world);
    await release.pushBlueGreen("web:v2", byHand, { replicas: 1 });
    await release.world.run(seconds(10));
    await renew(release, "web:v1");
    await askBoth(release);
    await release.world.run(minutes(2));

    const ready = new Map<string, Pod>();
    let selected = "";
    for (const { object, isGone } of stop()) {
      if (object.kind === "Pod") {
        const pod = object as Pod;
        if (isGone || !isReady(pod)) ready.delete(pod.metadata.name);
        else ready.set(pod.metadata.name, pod);
        continue;
      }
      const hash = (object as Service).spec.selector?.[podHashLabel] ?? "";
      if (object.metadata.name !== "web" || hash === selected) continue;
      selected = hash;
      switches++;
      const isThere = [...ready.values()].some(({ metadata }) => metadata.labels?.[podHashLabel] === hash);
      if (!isThere) unready.push(`seed ${seed}: nobody answers of ${hash}`);
    }
    expect(await release.stableImage()).toBe("web:v2");
    release.world.stop();
  }

  expect(switches).toBeGreaterThanOrEqual(40);
  expect(unready).toEqual([]);
});
