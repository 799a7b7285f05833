import { builtInKinds, KindRegistry, type OwnerReference, type Resource } from "@sluice/api";
import { seededRandom, VirtualClock } from "@sluice/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createStore } from "../index.ts";

const kind = { apiVersion: "v1", kind: "ConfigMap" };
const names = ["a", "b", "c", "d", "e", "f", "g"];
const namespaces = ["one", "two"];

const place = { namespace: fc.constantFrom(...namespaces), name: fc.constantFrom(...names) };
const create = fc.record({
  do: fc.constant("create" as const),
  ...place,
  owners: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
  blocks: fc.boolean(),
  finalized: fc.integer({ min: 0, max: 3 }).map((roll) => roll === 0),
});
const remove = fc.record({
  do: fc.constant("delete" as const),
  ...place,
  propagationPolicy: fc.constantFrom("Background" as const, "Foreground" as const, "Orphan" as const),
});
const step = fc.oneof(
  { weight: 12, arbitrary: create },
  { weight: 4, arbitrary: remove },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("release" as const), ...place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deleteNamespace" as const), namespace: place.namespace }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("createNamespace" as const), namespace: place.namespace }) },
);

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("law: no dependent outlives its owners, no namespace its contents, nothing that is free to go stays", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const { client } = await createStore({
        kinds: new KindRegistry(builtInKinds()),
        clock: new VirtualClock(),
        random: seededRandom(1),
        namespaces,
      });
      const orphaned = new Set<string>();
      const born = new Map<string, number>();
      const namespaceKey = (name: string) => ({ apiVersion: "v1", kind: "Namespace", name });

      for (const action of steps) {
        const refusalsArePartOfLife = (thrown: unknown) => {
          if (!(thrown instanceof Error && "reason" in thrown)) throw thrown;
        };
        await perform(action).catch(refusalsArePartOfLife);
      }
      await turn();

      const { items } = await client.list(kind);
      const uids = new Set(items.map(({ metadata }) => metadata.uid));
      for (const { metadata } of items) {
        const where = `${metadata.namespace}/${metadata.name}`;
        const owners = metadata.ownerReferences ?? [];
        const leaving = metadata.deletionTimestamp !== undefined;
        expect(leaving || owners.length === 0 || owners.some(({ uid }) => uids.has(uid)), `${where} is owned`).toBe(
          true,
        );
        const bornOwned = (born.get(metadata.uid ?? "") ?? 0) > 0;
        const left = bornOwned && owners.length === 0 && !orphaned.has(metadata.uid ?? "") && !leaving;
        expect(left, `${where} has lost its owners and stays`).toBe(false);
        expect(leaving && (metadata.finalizers ?? []).length === 0, `${where} should be gone`).toBe(false);
        const namespace = await client.get(namespaceKey(metadata.namespace ?? ""));
        expect(namespace === undefined, `${where} has its namespace`).toBe(false);
        if (namespace?.metadata.deletionTimestamp !== undefined) expect(leaving, `${where} leaves too`).toBe(true);
        if (!metadata.finalizers?.includes("foregroundDeletion")) continue;
        const children = items.filter((item) => item.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
        const blocked = children.some((child) =>
          child.metadata.ownerReferences?.some(
            ({ uid, blockOwnerDeletion }) => uid === metadata.uid && blockOwnerDeletion,
          ),
        );
        expect(blocked, `${where} waits for someone`).toBe(true);
      }

      // With every finalizer gone, all that was to leave has left.
      for (const { metadata } of items) {
        const key = { ...kind, namespace: metadata.namespace ?? "", name: metadata.name };
        if (await client.get(key))
          await client.patch(key, { type: "merge", value: { metadata: { finalizers: null } } });
      }
      await turn();
      const rest = (await client.list(kind)).items.filter((item) => item.metadata.deletionTimestamp !== undefined);
      expect(rest).toEqual([]);
      const leavingNamespaces = (await client.list({ apiVersion: "v1", kind: "Namespace" })).items.filter(
        (item) => item.metadata.deletionTimestamp !== undefined,
      );
      expect(leavingNamespaces).toEqual([]);

      async function perform(action: typeof step extends fc.Arbitrary<infer Step> ? Step : never): Promise<unknown> {
        switch (action.do) {
          case "create": {
            const { namespace, name } = action;
            const owners = await Promise.all(
              action.owners.map((owner) => client.get({ ...kind, namespace, name: owner })),
            );
            const ownerReferences = owners
              .filter((owner) => owner !== undefined)
              .map(
                ({ metadata }): OwnerReference => ({
                  ...kind,
                  name: metadata.name,
                  uid: metadata.uid ?? "",
                  blockOwnerDeletion: action.blocks,
                }),
              );
            const finalizers = action.finalized ? ["example.com/hold"] : [];
            const object: Resource = { ...kind, metadata: { name, namespace, ownerReferences, finalizers } };
            const made = await client.create(object);
            born.set(made.metadata.uid ?? "", ownerReferences.length);
            return made;
          }
          case "release": {
            const key = { ...kind, namespace: action.namespace, name: action.name };
            const found = await client.get(key);
            const finalizers =
              found?.metadata.finalizers?.filter((finalizer) => finalizer !== "example.com/hold") ?? [];
            return client.patch(key, { type: "merge", value: { metadata: { finalizers } } });
          }
          case "delete": {
            const { namespace, name, propagationPolicy } = action;
            const key = { ...kind, namespace, name };
            const uid = (await client.get(key))?.metadata.uid;
            if (propagationPolicy === "Orphan") {
              for (const { metadata } of (await client.list(kind, { namespace })).items) {
                if (metadata.ownerReferences?.some((owner) => owner.uid === uid)) orphaned.add(metadata.uid ?? "");
              }
            }
            return client.delete(key, { propagationPolicy });
          }
          case "deleteNamespace":
            return client.delete(namespaceKey(action.namespace));
          case "createNamespace":
            return client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: action.namespace } });
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("a chain of owners longer than any stack goes in one commit", async () => {
  const kinds = new KindRegistry(builtInKinds());
  const { client } = await createStore({ kinds, clock: new VirtualClock(), random: seededRandom(1) });
  let owner: Resource | undefined;
  for (let index = 0; index < 3000; index++) {
    const ownerReferences =
      owner === undefined ? [] : [{ ...kind, name: owner.metadata.name, uid: owner.metadata.uid ?? "" }];
    const object: Resource = { ...kind, metadata: { name: `a-${index}`, namespace: "default", ownerReferences } };
    owner = await client.create(object);
  }

  await client.delete({ ...kind, namespace: "default", name: "a-0" });

  expect((await client.list(kind)).items).toEqual([]);
});

test("one that waits for its dependents stops waiting when they are orphaned", async () => {
  const kinds = new KindRegistry(builtInKinds());
  const { client } = await createStore({ kinds, clock: new VirtualClock(), random: seededRandom(1) });
  const place = { namespace: "default" };
  const { metadata } = await client.create<Resource>({ ...kind, metadata: { ...place, name: "owner" } });
  const owner = { ...kind, name: "owner", uid: metadata.uid ?? "", blockOwnerDeletion: true };
  const held = { ...place, name: "child", ownerReferences: [owner], finalizers: ["example.com/hold"] };
  await client.create({ ...kind, metadata: held });

  await client.delete({ ...kind, ...place, name: "owner" }, { propagationPolicy: "Foreground" });
  await client.delete({ ...kind, ...place, name: "owner" }, { propagationPolicy: "Orphan" });

  expect((await client.list(kind)).items.map((item) => item.metadata.name)).toEqual(["child"]);
});

test("a child that comes while its owner waits for its children goes too, and the owner after it", async () => {
  const kinds = new KindRegistry(builtInKinds());
  const { client } = await createStore({ kinds, clock: new VirtualClock(), random: seededRandom(1) });
  const place = { namespace: "default" };
  const { metadata } = await client.create<Resource>({ ...kind, metadata: { ...place, name: "owner" } });
  const owner = { ...kind, name: "owner", uid: metadata.uid ?? "", blockOwnerDeletion: true };
  const child = (name: string, finalizers: readonly string[] = []): Resource => ({
    ...kind,
    metadata: { ...place, name, ownerReferences: [owner], finalizers },
  });
  await client.create(child("first", ["example.com/hold"]));
  await client.delete({ ...kind, ...place, name: "owner" }, { propagationPolicy: "Foreground" });

  await client.create(child("late"));
  await turn();
  await client.patch(
    { ...kind, ...place, name: "first" },
    { type: "merge", value: { metadata: { finalizers: null } } },
  );
  await turn();

  expect((await client.list(kind)).items.map((item) => item.metadata.name)).toEqual([]);
});
