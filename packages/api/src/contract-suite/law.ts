import { type Random, randomInteger, sameJson, seededRandom } from "@sluice/kernel";
import type { Client, WatchEvent } from "../contract/client.ts";
import type { Resource } from "../contract/resource.ts";
import { configMap, configMapKey, configMaps, Reading, type Stories } from "./world.ts";

const names = ["a", "b", "c", "d", "e", "f"];

/** One random write; refusals are part of life here. */
async function writeSomething(client: Client, random: Random, namespace: string, turn: number): Promise<void> {
  const name = names[randomInteger(random, names.length)] ?? "a";
  const key = configMapKey(namespace, name);
  const data = { turn: String(turn) };
  const labels = { even: turn % 2 === 0 ? "yes" : "no" };
  const attempt = () => {
    switch (randomInteger(random, 5)) {
      case 0:
        return client.create(configMap(namespace, name, data, { labels }));
      case 1:
        return client.update(configMap(namespace, name, data, { labels }));
      case 2:
        return client.patch(key, { type: "merge", value: { data } });
      case 3:
        return client.patch(
          key,
          { type: "apply", value: { ...configMaps, metadata: { name, namespace, labels }, data }, force: true },
          { fieldManager: `manager-${turn % 3}` },
        );
      default:
        return client.delete(key);
    }
  };
  await attempt().catch((thrown: unknown) => {
    if (!(thrown instanceof Error && "reason" in thrown)) throw thrown;
  });
}

const versionOf = (event: WatchEvent): number =>
  Number(event.type === "BOOKMARK" ? event.resourceVersion : event.object.metadata.resourceVersion);

export const laws: Stories = {
  "law: whatever is written at once, list and watch tell one story": async ({ client, namespace, expect }) => {
    const random = seededRandom(20_26);
    const state = new Map<string, Resource>();
    const { resourceVersion } = await client.list(configMaps, { namespace });
    const everything = new Reading(client.watch(configMaps, { namespace, resourceVersion }));
    const even = new Reading(client.watch(configMaps, { namespace, resourceVersion, labelSelector: "even=yes" }));

    for (let round = 0; round < 12; round++) {
      const writes = Array.from({ length: 10 }, (_, index) =>
        writeSomething(client, random, namespace, round * 10 + index),
      );
      await Promise.all(writes);
    }
    await client.create(configMap(namespace, "end", {}, { labels: { even: "yes" } }));

    let last = Number(resourceVersion);
    for (let done = false; !done; ) {
      const event = await everything.next();
      if (event.type === "BOOKMARK") continue;
      const { name } = event.object.metadata;
      expect(versionOf(event), "versions only grow").toBeGreaterThan(last);
      expect(event.type === "ADDED", `${event.type} ${name} fits what was seen before`).toBe(!state.has(name));
      last = versionOf(event);
      if (event.type === "DELETED") state.delete(name);
      else state.set(name, event.object);
      done = name === "end";
    }
    const list = await client.list(configMaps, { namespace, labelSelector: "even" });
    const seen = [...state.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    expect(
      sameJson(
        seen.filter((object) => object.metadata.labels?.even !== undefined),
        list.items,
      ),
    ).toBe(true);

    const chosen = new Map<string, Resource>();
    for (let done = false; !done; ) {
      const event = await even.next();
      if (event.type === "BOOKMARK") continue;
      const { name } = event.object.metadata;
      expect(event.type === "ADDED").toBe(!chosen.has(name));
      if (event.type === "DELETED") chosen.delete(name);
      else chosen.set(name, event.object);
      done = name === "end";
    }
    const listed = await client.list(configMaps, { namespace, labelSelector: "even=yes" });
    const selected = [...chosen.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    expect(sameJson(selected, listed.items)).toBe(true);
    everything.stop();
    even.stop();
  },
};
