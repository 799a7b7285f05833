import { at, configMap, configMapKey, deployment, deploymentKey, refusal, type Stories } from "./world.ts";

export const patching: Stories = {
  "a merge patch merges, replaces lists and removes with null": async ({ client, namespace, expect }) => {
    const key = configMapKey(namespace, "a");
    await client.create(configMap(namespace, "a", { keep: "1", drop: "1" }, { labels: { a: "1" } }));

    const patched = await client.patch(key, {
      type: "merge",
      value: { metadata: { labels: { b: "2" } }, data: { drop: null, add: "1" } },
    });

    expect(at(patched, "data")).toEqual({ keep: "1", add: "1" });
    expect(patched.metadata.labels).toEqual({ a: "1", b: "2" });
  },

  "a patch that names a version is refused when that is stale": async ({ client, namespace, expect }) => {
    const made = await client.create(configMap(namespace, "a"));
    const { resourceVersion } = made.metadata;
    const patch = { type: "merge", value: { metadata: { resourceVersion }, data: { x: "1" } } } as const;

    await client.patch(configMapKey(namespace, "a"), patch);
    const stale = await refusal(client.patch(configMapKey(namespace, "a"), patch));

    expect(stale.reason).toBe("Conflict");
  },

  "a JSON patch applies all of its operations, or none": async ({ client, namespace, expect }) => {
    const key = configMapKey(namespace, "a");
    await client.create(configMap(namespace, "a", { x: "1", y: "2" }));

    const patched = await client.patch(key, {
      type: "json",
      operations: [
        { op: "test", path: "/data/x", value: "1" },
        { op: "replace", path: "/data/x", value: "3" },
        { op: "move", from: "/data/y", path: "/data/moved" },
        { op: "copy", from: "/data/x", path: "/data/copied" },
        { op: "add", path: "/metadata/labels", value: { a: "b" } },
        { op: "add", path: "/metadata/labels/example.com~1c", value: "d" },
      ],
    });
    const failing = await refusal(
      client.patch(key, {
        type: "json",
        operations: [
          { op: "remove", path: "/data/x" },
          { op: "test", path: "/data/moved", value: "other" },
        ],
      }),
    );
    const unreadable = await refusal(client.patch(key, { type: "json", operations: [{ op: "jump", path: "/data" }] }));

    expect(at(patched, "data")).toEqual({ x: "3", moved: "2", copied: "3" });
    expect(patched.metadata.labels).toEqual({ a: "b", "example.com/c": "d" });
    expect([failing.reason, unreadable.reason]).toEqual(["Invalid", "BadRequest"]);
    expect(await client.get(key)).toEqual(patched);
  },

  "a strategic merge patch merges lists by their key": async ({ client, namespace, expect }) => {
    const key = deploymentKey(namespace, "web");
    const containers = [
      { name: "web", image: "web:1", env: [{ name: "A", value: "1" }] },
      { name: "side", image: "side:1" },
    ];
    await client.create(
      deployment(namespace, "web", { template: { metadata: { labels: { app: "web" } }, spec: { containers } } }),
    );
    const patchPod = (spec: object) =>
      client.patch(key, { type: "strategic", value: { spec: { template: { spec } } } });
    const container = (object: unknown, index: number, field: string) =>
      at(object, "spec", "template", "spec", "containers", index, field);

    const changed = await patchPod({ containers: [{ name: "web", image: "web:2", env: [{ name: "B", value: "2" }] }] });
    const ordered = await patchPod({
      "$setElementOrder/containers": [{ name: "side" }, { name: "web" }],
      containers: [{ name: "side", image: "side:2" }],
    });
    const removed = await patchPod({ containers: [{ name: "side", $patch: "delete" }] });
    const replaced = await patchPod({ containers: [{ $patch: "replace" }, { name: "only", image: "only:1" }] });

    expect([container(changed, 0, "image"), container(changed, 1, "image")]).toEqual(["web:2", "side:1"]);
    expect((container(changed, 0, "env") as { name: string }[]).map(({ name }) => name)).toEqual(["A", "B"]);
    expect([container(ordered, 0, "name"), container(ordered, 0, "image")]).toEqual(["side", "side:2"]);
    expect([container(removed, 0, "name"), container(removed, 1, "name")]).toEqual(["web", undefined]);
    expect([container(replaced, 0, "name"), container(replaced, 1, "name")]).toEqual(["only", undefined]);
  },

  "a strategic merge patch removes and replaces maps by directive": async ({ client, namespace, expect }) => {
    const key = configMapKey(namespace, "a");
    await client.create(configMap(namespace, "a", { x: "1", y: "1" }, { finalizers: ["example.com/one"] }));

    const replaced = await client.patch(key, { type: "strategic", value: { data: { $patch: "replace", z: "1" } } });
    const added = await client.patch(key, {
      type: "strategic",
      value: { metadata: { finalizers: ["example.com/two"] }, data: { z: null } },
    });
    const dropped = await client.patch(key, {
      type: "strategic",
      value: { metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/one"] } },
    });

    expect(at(replaced, "data")).toEqual({ z: "1" });
    expect(added.metadata.finalizers).toEqual(["example.com/one", "example.com/two"]);
    expect(at(added, "data", "z")).toBe(undefined);
    expect(dropped.metadata.finalizers).toEqual(["example.com/two"]);
  },

  "a patch can't change what an object is": async ({ client, namespace, expect }) => {
    const key = configMapKey(namespace, "a");
    const made = await client.create(configMap(namespace, "a"));

    const renamed = await refusal(client.patch(key, { type: "merge", value: { metadata: { name: "b" } } }));
    const absent = await refusal(client.patch(configMapKey(namespace, "b"), { type: "merge", value: {} }));
    const kept = await client.patch(key, {
      type: "merge",
      value: { metadata: { creationTimestamp: "2001-01-01T00:00:00Z", generation: 99 } },
    });

    expect([renamed.reason, absent.reason]).toEqual(["BadRequest", "NotFound"]);
    expect(kept.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
  },

  "the scale subresource reads and writes the replicas alone": async ({ client, namespace, expect }) => {
    const key = deploymentKey(namespace, "web");
    const made = await client.create(deployment(namespace, "web"));

    const before = await client.get(key, { subresource: "scale" });
    const scaled = await client.patch(
      key,
      { type: "merge", value: { spec: { replicas: 4 } } },
      { subresource: "scale" },
    );
    const after = await client.get(key);

    expect(before).toMatchObject({
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name: "web", uid: made.metadata.uid },
      spec: { replicas: 1 },
      status: { replicas: 0, selector: "app=web" },
    });
    expect(at(scaled, "spec", "replicas")).toBe(4);
    expect([at(after, "spec", "replicas"), after?.metadata.generation]).toEqual([4, 2]);
  },
};
