import { builtInKinds, type KindDefinition, KindRegistry, type Pod } from "@sluice/api";
import { seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createStore } from "../index.ts";

const key = { apiVersion: "v1", kind: "Pod", namespace: "default", name: "web" };
const pod: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: "default", name: "web", finalizers: ["example.com/held"] },
  spec: { containers: [{ name: "web", image: "web:v1" }] },
};

/** A Pod was stored; then the program that serves it was replaced by one whose kind differs. */
async function after(change: (known: KindDefinition) => Partial<KindDefinition>) {
  const kinds = new KindRegistry(builtInKinds());
  const { client } = await createStore({ kinds, clock: new VirtualClock(), random: seededRandom(1) });
  await client.create(pod);
  const known = kinds.byKind(key) as KindDefinition;
  kinds.add({ ...known, ...change(known) });
  return client;
}

const withNewDefault = ({ schema }: KindDefinition) => {
  const spec = schema.properties?.spec;
  const properties = { ...spec?.properties, hostname: { type: "string" as const, default: "somewhere" } };
  return { schema: { ...schema, properties: { ...schema.properties, spec: { ...spec, properties } } } };
};
const withNewRule = () => ({ validate: () => [{ path: "spec.containers", found: "web", expected: "another" }] });

test.each([
  ["a new default", withNewDefault],
  ["a new rule", withNewRule],
])("after %s, what was stored before still gets a status, a label, and goes", async (_, change) => {
  const client = await after(change);
  const before = await client.get<Pod>(key);

  const status = { type: "merge" as const, value: { status: { phase: "Running" } } };
  const told = await client.patch<Pod>(key, status, { subresource: "status" });
  expect(told.status?.phase).toBe("Running");
  expect(told.metadata.generation).toBe(before?.metadata.generation);
  await client.patch(key, { type: "merge", value: { metadata: { labels: { tier: "front" }, finalizers: null } } });
  await client.delete(key);

  expect(await client.get(key)).toBeUndefined();
});

test("after a new rule, a change of the spec is judged by it", async () => {
  const client = await after(withNewRule);

  const changed = client.patch(key, { type: "merge", value: { spec: { activeDeadlineSeconds: 5 } } });

  await expect(changed).rejects.toMatchObject({ reason: "Invalid" });
});
