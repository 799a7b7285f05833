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
