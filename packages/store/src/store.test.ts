import { type KindDefinition, KindRegistry, type Resource } from "@sluice/api";
import { seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createStore } from "./index.ts";

const kind = (group: string, name: string, namespaced = true): KindDefinition => ({
  group,
  versions: ["v1"],
  kind: name,
  plural: `${name.toLowerCase()}s`,
  singular: name.toLowerCase(),
  namespaced,
  schema: {},
  status: true,
});

const start = () =>
  createStore({
    kinds: new KindRegistry([kind("", "Namespace", false), kind("", "ConfigMap"), kind("apps", "Deployment")]),
    clock: new VirtualClock(),
    random: seededRandom(1),
  });

const deployment = (name: string, spec: unknown): Resource => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "default" },
  spec,
});

test("what is written is read back, listed, watched and removed", async () => {
  const { client } = await start();
  const watch = client.watch({ apiVersion: "apps/v1", kind: "Deployment" })[Symbol.asyncIterator]();
  const first = watch.next();

  const made = await client.create(deployment("b", { replicas: 1 }));
  await client.create(deployment("a", { replicas: 1 }));
  const patched = await client.patch(
    { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "b" },
    { type: "merge", value: { spec: { replicas: 2 } } },
  );

  expect(made.metadata).toMatchObject({ generation: 1, uid: expect.any(String) });
  expect(patched).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 2 } });
  const list = await client.list({ apiVersion: "apps/v1", kind: "Deployment" });
  expect(list.items.map((item) => item.metadata.name)).toEqual(["a", "b"]);
  await expect(client.update(made)).rejects.toMatchObject({ reason: "Conflict" });
  expect((await first).value).toMatchObject({ type: "ADDED", object: { metadata: { name: "b" } } });
  expect((await watch.next()).value).toMatchObject({ type: "ADDED", object: { metadata: { name: "a" } } });
  expect((await watch.next()).value).toMatchObject({ type: "MODIFIED", object: { metadata: { name: "b" } } });

  await client.delete({ apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "b" });

  expect((await watch.next()).value).toMatchObject({ type: "DELETED", object: { metadata: { name: "b" } } });
});
