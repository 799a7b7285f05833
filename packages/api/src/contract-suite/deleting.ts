import { controlledBy } from "../contract/keys.ts";
import type { OwnerReference, Resource } from "../contract/resource.ts";
import { configMap, configMapKey, configMaps, pod, pods, Reading, refusal, type Stories } from "./world.ts";

const owned = (namespace: string, name: string, ...ownerReferences: readonly OwnerReference[]) =>
  configMap(namespace, name, {}, { ownerReferences });

export const deleting: Stories = {
  "delete gives the last state; what isn't there is undefined": async ({ client, namespace, expect }) => {
    const made = await client.create(configMap(namespace, "a", { x: "1" }));

    const last = await client.delete(configMapKey(namespace, "a"));

    expect(last?.metadata.uid).toBe(made.metadata.uid);
    expect(await client.get(configMapKey(namespace, "a"))).toBe(undefined);
    expect(await client.delete(configMapKey(namespace, "a"))).toBe(undefined);
  },

  "preconditions must hold": async ({ client, namespace, expect }) => {
    const made = await client.create(configMap(namespace, "a"));
    const remove = (preconditions: { uid?: string; resourceVersion?: string }) =>
      client.delete(configMapKey(namespace, "a"), { preconditions });

    const otherUid = await refusal(remove({ uid: "00000000-0000-4000-8000-000000000000" }));
    const stale = await refusal(remove({ resourceVersion: "1" }));
    await remove({ uid: made.metadata.uid ?? "", resourceVersion: made.metadata.resourceVersion ?? "" });

    expect([otherUid.reason, stale.reason]).toEqual(["Conflict", "Conflict"]);
    expect(await client.get(configMapKey(namespace, "a"))).toBe(undefined);
  },

  "finalizers hold an object until the last is gone": async ({ client, namespace, expect }) => {
    const key = configMapKey(namespace, "a");
    await client.create(configMap(namespace, "a", {}, { finalizers: ["example.com/one", "example.com/two"] }));
    const { resourceVersion } = await client.list(configMaps, { namespace });
    const watch = new Reading(client.watch(configMaps, { namespace, resourceVersion }));
    const keep = (...finalizers: readonly string[]) =>
      client.patch(key, { type: "merge", value: { metadata: { finalizers } } });

    const marked = await client.delete(key);
    const added = await refusal(keep("example.com/one", "example.com/two", "example.com/three"));
    await keep("example.com/two");
    const again = await client.delete(key);
    await keep();

    expect(marked?.metadata.deletionTimestamp).toMatch(/Z$/);
    expect(added.reason).toBe("Invalid");
    expect(again?.metadata.deletionTimestamp).toBe(marked?.metadata.deletionTimestamp);
    expect(await client.get(key)).toBe(undefined);
    expect(await watch.names(3)).toEqual(["MODIFIED a", "MODIFIED a", "DELETED a"]);
    watch.stop();
  },

  "dependents follow their owner, through all generations": async ({ client, namespace, expect, eventually }) => {
    const grandmother = await client.create(configMap(namespace, "grandmother"));
    const mother = await client.create(owned(namespace, "mother", controlledBy(grandmother)));
    await client.create(owned(namespace, "child", controlledBy(mother)));
    await client.create(configMap(namespace, "stranger"));

    await client.delete(configMapKey(namespace, "grandmother"));

    const left = await eventually(async () => {
      const { items } = await client.list(configMaps, { namespace, labelSelector: "" });
      const names = items.map((item) => item.metadata.name).filter((name) => name !== "kube-root-ca.crt");
      return names.length === 1 ? names : undefined;
    });
    expect(left).toEqual(["stranger"]);
  },

  "a dependent with another living owner stays, and forgets the dead one": async ({
    client,
    namespace,
    expect,
    eventually,
  }) => {
    const first = await client.create(configMap(namespace, "first"));
    const second = await client.create(configMap(namespace, "second"));
    const { controller: _, ...other } = controlledBy(second);
    await client.create(owned(namespace, "child", controlledBy(first), other));

    await client.delete(configMapKey(namespace, "first"));

    const child = await eventually(async () => {
      const found = await client.get(configMapKey(namespace, "child"));
      return found?.metadata.ownerReferences?.length === 1 ? found : undefined;
    });
    expect(child.metadata.ownerReferences?.[0]?.uid).toBe(second.metadata.uid);
  },

  "an orphaned dependent stays": async ({ client, namespace, expect, eventually }) => {
    const owner = await client.create(configMap(namespace, "owner"));
    await client.create(owned(namespace, "child", controlledBy(owner)));

    await client.delete(configMapKey(namespace, "owner"), { propagationPolicy: "Orphan" });

    const child = await eventually(async () => {
      const gone = (await client.get(configMapKey(namespace, "owner"))) === undefined;
      return gone ? client.get(configMapKey(namespace, "child")) : undefined;
    });
    expect(child.metadata.ownerReferences).toBe(undefined);
  },

  "foreground: the owner waits for the dependents that block it": async ({ client, namespace, expect, eventually }) => {
    const owner = await client.create(configMap(namespace, "owner"));
    await client.create({
      ...owned(namespace, "child", controlledBy(owner)),
      metadata: {
        ...owned(namespace, "child", controlledBy(owner)).metadata,
        finalizers: ["example.com/slow"],
      },
    });

    await client.delete(configMapKey(namespace, "owner"), { propagationPolicy: "Foreground" });
    const child = await eventually(async () => {
      const found = await client.get(configMapKey(namespace, "child"));
      return found?.metadata.deletionTimestamp === undefined ? undefined : found;
    });
    const waiting = await client.get(configMapKey(namespace, "owner"));
    await client.update({ ...child, metadata: { ...child.metadata, finalizers: [] } });

    expect(waiting?.metadata.finalizers).toEqual(["foregroundDeletion"]);
    await eventually(async () =>
      (await client.get(configMapKey(namespace, "owner"))) === undefined ? true : undefined,
    );
  },

  "a child of an owner that is gone is collected; the uid decides": async ({
    client,
    namespace,
    expect,
    eventually,
  }) => {
    const owner = await client.create(configMap(namespace, "owner"));
    const reference = controlledBy(owner);
    await client.delete(configMapKey(namespace, "owner"));
    await client.create(configMap(namespace, "owner"));

    await client.create(owned(namespace, "child", reference));

    const gone = await eventually(async () =>
      (await client.get(configMapKey(namespace, "child"))) === undefined ? true : undefined,
    );
    expect(gone).toBe(true);
  },

  "deleteAll takes what the selector chooses": async ({ client, namespace, expect }) => {
    await client.create(configMap(namespace, "a", {}, { labels: { go: "yes" } }));
    await client.create(configMap(namespace, "b", {}, { labels: { go: "yes" } }));
    await client.create(configMap(namespace, "c"));

    const deleted = await client.deleteAll(configMaps, { namespace, labelSelector: "go=yes" });

    expect(deleted.items.map((item) => item.metadata.name)).toEqual(["a", "b"]);
    expect((await client.list(configMaps, { namespace, labelSelector: "go" })).items).toEqual([]);
    expect((await client.get(configMapKey(namespace, "c")))?.metadata.name).toBe("c");
  },

  "a namespace takes its contents with it, and waits for them": async ({ client, namespace, expect, eventually }) => {
    const doomed = `${namespace}-doomed`;
    const key = { apiVersion: "v1", kind: "Namespace", name: doomed };
    await client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: doomed } });
    await client.create(configMap(doomed, "a"));
    const held = await client.create(configMap(doomed, "held", {}, { finalizers: ["example.com/slow"] }));

    const marked = await client.delete(key);
    const refused = await refusal(client.create(configMap(doomed, "late")));
    const child = await eventually(async () => {
      const found = await client.get(configMapKey(doomed, "held"));
      return found?.metadata.deletionTimestamp === undefined ? undefined : found;
    });
    await client.update({ ...child, metadata: { ...child.metadata, finalizers: [] } });

    expect(marked).toMatchObject({ status: { phase: "Terminating" } });
    expect(refused.reason).toBe("Forbidden");
    expect(child.metadata.uid).toBe(held.metadata.uid);
    await eventually(async () => ((await client.get(key)) === undefined ? true : undefined));
  },

  "the default namespace stays": async ({ client, expect }) => {
    const refused = await refusal(client.delete({ apiVersion: "v1", kind: "Namespace", name: "default" }));

    expect(refused.reason).toBe("Forbidden");
  },

  "a Pod that nobody runs goes at once, one on a node when the node says so": async ({ client, namespace, expect }) => {
    await client.create(pod(namespace, "loose"));
    await client.create(pod(namespace, "bound", { nodeName: "local", terminationGracePeriodSeconds: 7 }));
    const key = (name: string) => ({ ...pods, namespace, name });

    await client.delete(key("loose"));
    const ending = await client.delete(key("bound"));
    const still = await client.get(key("bound"));
    await client.delete(key("bound"), { gracePeriodSeconds: 0 });

    expect(await client.get(key("loose"))).toBe(undefined);
    expect(ending?.metadata.deletionGracePeriodSeconds).toBe(7);
    expect(still?.metadata.uid).toBe(ending?.metadata.uid);
    expect(await client.get(key("bound"))).toBe(undefined);
  },

  "a deleted object's last version is newer than any before": async ({ client, namespace, expect }) => {
    const made: Resource = await client.create(configMap(namespace, "a"));
    const { resourceVersion } = await client.list(configMaps, { namespace });
    const watch = new Reading(client.watch(configMaps, { namespace, resourceVersion }));

    await client.delete(configMapKey(namespace, "a"));

    const event = await watch.next();
    const version = event.type === "DELETED" ? Number(event.object.metadata.resourceVersion) : 0;
    expect(version).toBeGreaterThan(Number(made.metadata.resourceVersion));
    watch.stop();
  },
};
