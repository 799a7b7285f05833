import { configMap, configMapKey, configMaps, Reading, type Stories } from "./world.ts";

export const watching: Stories = {
  "a watch from a list's version sees every later change, in order": async ({ client, namespace, expect }) => {
    await client.create(configMap(namespace, "before"));
    const { resourceVersion } = await client.list(configMaps, { namespace });
    const watch = new Reading(client.watch(configMaps, { namespace, resourceVersion }));

    const created = await client.create(configMap(namespace, "a", { x: "1" }));
    const changed = await client.update({ ...created, data: { x: "2" } });
    await client.delete(configMapKey(namespace, "a"));

    const events = [await watch.next(), await watch.next(), await watch.next()];
    expect(events.map((event) => event.type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
    expect(events[0]).toMatchObject({ object: { metadata: { resourceVersion: created.metadata.resourceVersion } } });
    expect(events[1]).toMatchObject({ object: { ...changed } });
    const last = events[2];
    const versions = [changed, last?.type === "DELETED" ? last.object : changed].map((object) =>
      Number(object.metadata.resourceVersion),
    );
    expect(versions[1]).toBeGreaterThan(versions[0] ?? 0);
    watch.stop();
  },

  "a watch without a version begins with what is there": async ({ client, namespace, expect }) => {
    await client.create(configMap(namespace, "b"));
    await client.create(configMap(namespace, "a"));
    const watch = new Reading(client.watch(configMaps, { namespace, labelSelector: "" }));

    const present = await watch.names(2);
    await client.create(configMap(namespace, "c"));

    expect(present.toSorted()).toEqual(["ADDED a", "ADDED b"]);
    expect(await watch.names(1)).toEqual(["ADDED c"]);
    watch.stop();
  },

  "initial events end with a bookmark that says so": async ({ client, namespace, expect }) => {
    await client.create(configMap(namespace, "a"));
    const watch = new Reading(client.watch(configMaps, { namespace, sendInitialEvents: true, allowBookmarks: true }));

    const present = await watch.names(1);
    const closing = await watch.next();
    await client.create(configMap(namespace, "b"));

    expect(present).toEqual(["ADDED a"]);
    expect(closing).toMatchObject({ type: "BOOKMARK", initialEventsEnd: true });
    expect(await watch.names(1)).toEqual(["ADDED b"]);
    watch.stop();
  },

  "an object that comes to match is ADDED, one that ceases to is DELETED": async ({ client, namespace, expect }) => {
    const { resourceVersion } = await client.list(configMaps, { namespace });
    const watch = new Reading(client.watch(configMaps, { namespace, resourceVersion, labelSelector: "on=yes" }));
    const key = configMapKey(namespace, "a");
    const label = (on: string) => client.patch(key, { type: "merge", value: { metadata: { labels: { on } } } });

    await client.create(configMap(namespace, "a"));
    await label("yes");
    await client.patch(key, { type: "merge", value: { data: { x: "1" } } });
    await label("no");
    await label("yes");
    await client.delete(key);

    expect(await watch.names(5)).toEqual(["ADDED a", "MODIFIED a", "DELETED a", "ADDED a", "DELETED a"]);
    watch.stop();
  },

  "a watch on one name sees that object only": async ({ client, namespace, expect }) => {
    const { resourceVersion } = await client.list(configMaps, { namespace });
    const options = { namespace, resourceVersion, fieldSelector: "metadata.name=mine" };
    const watch = new Reading(client.watch(configMaps, options));

    await client.create(configMap(namespace, "mine-too"));
    await client.create(configMap(namespace, "mine"));
    await client.delete(configMapKey(namespace, "mine-too"));
    await client.delete(configMapKey(namespace, "mine"));

    expect(await watch.names(2)).toEqual(["ADDED mine", "DELETED mine"]);
    watch.stop();
  },

  "a stopped watch ends": async ({ client, namespace, expect }) => {
    const { resourceVersion } = await client.list(configMaps, { namespace });
    const watch = client.watch(configMaps, { namespace, resourceVersion });
    const iterator = watch[Symbol.asyncIterator]();
    const pending = iterator.next();

    watch.stop();

    expect((await pending).done).toBe(true);
    expect((await iterator.next()).done).toBe(true);
  },
};
