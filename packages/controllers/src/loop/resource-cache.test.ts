import { builtInKinds, type Client, KindRegistry } from "@sluice/api";
import { millis, seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { ResourceCache } from "./resource-cache.ts";

const configMap = { apiVersion: "v1", kind: "ConfigMap" };

/** Whatever follows from what has happened. */
async function calm(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await undefined;
}

/** Its first watch breaks after so many of the events that it begins with. */
function breaking(client: Client, afterEvents: number): Client {
  let isBroken = false;
  return {
    ...client,
    watch: (kind, options) => {
      const watch = client.watch(kind, options) as AsyncIterable<never>;
      if (isBroken) return watch as never;
      isBroken = true;
      return {
        stop() {},
        async *[Symbol.asyncIterator]() {
          let count = 0;
          for await (const event of watch) {
            if (count++ === afterEvents) return;
            yield event;
          }
        },
      } as never;
    },
  };
}

test.each([0, 1, 2])(
  "a list that breaks after %s of 3 objects is begun anew, and what waits for it goes on",
  async (afterEvents) => {
    const clock = new VirtualClock();
    const kinds = new KindRegistry(builtInKinds());
    const { client } = await createStore({ kinds, clock, random: seededRandom(1) });
    for (const name of ["one", "two", "three"]) {
      await client.create({ ...configMap, metadata: { name, namespace: "default" } });
    }
    const cache = new ResourceCache({ client: breaking(client, afterEvents), clock });
    let listed: readonly string[] | undefined;

    void cache.list(configMap).then((objects) => {
      listed = objects.map(({ metadata }) => metadata.name);
    });
    await calm();
    await clock.advance(millis(10_000), calm);

    expect(listed).toEqual(["one", "three", "two"]);
    cache.stop();
  },
);

test.each([
  ["comes before the news that it is gone", false],
  ["comes after the news that it is gone", true],
])(
  "the answer to a write of an object that somebody deletes meanwhile %s, and leaves nothing behind",
  async (_when, isLate) => {
    const clock = new VirtualClock();
    const { client } = await createStore({ kinds: new KindRegistry(builtInKinds()), clock, random: seededRandom(1) });
    const key = { ...configMap, namespace: "default", name: "one" };
    await client.create({ ...configMap, metadata: { name: "one", namespace: "default" } });
    const cache = new ResourceCache({ client, clock });
    await cache.list(configMap);

    const answer = await client.patch(key, { type: "merge", value: { data: { text: "written" } } });
    if (!isLate) cache.learn(answer);
    await client.delete(key);
    await calm();
    if (isLate) cache.learn(answer);

    expect(await cache.get(key)).toBeUndefined();
    cache.stop();
  },
);

test("the answer to a creation is known before the watch tells of it", async () => {
  const clock = new VirtualClock();
  const { client } = await createStore({ kinds: new KindRegistry(builtInKinds()), clock, random: seededRandom(1) });
  const late: (() => void)[] = [];
  const cache = new ResourceCache({ client, clock, deliver: (apply) => late.push(apply) });
  void cache.list(configMap);
  await calm();
  for (const deliver of late.splice(0)) deliver();
  await client.create({ ...configMap, metadata: { name: "another", namespace: "default" } });

  const answer = await client.create({ ...configMap, metadata: { name: "one", namespace: "default" } });
  cache.learn(answer);

  expect(await cache.get({ ...configMap, namespace: "default", name: "one" })).toBe(answer);
  cache.stop();
});
