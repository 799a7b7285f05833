import type { Resource } from "@sluice/api";
import { expect, test } from "vitest";
import { emptyState } from "./state.ts";
import { Transaction } from "./transaction.ts";

const child = (...owners: readonly string[]): Resource => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: "child",
    namespace: "default",
    ownerReferences: owners.map((uid) => ({ apiVersion: "v1", kind: "ConfigMap", name: uid, uid })),
  },
});

test("who owns whom is known exactly, through every change", () => {
  let revision = 0;
  const transaction = new Transaction(emptyState(0), () => ++revision);
  const owned = () => ["a", "b", "c"].map((uid) => transaction.ownedBy(uid).length);

  transaction.put(child("a", "b"));
  const created = owned();
  transaction.put(child("b", "c"));
  const changed = owned();
  transaction.remove(child("b", "c"));

  expect([created, changed, owned()]).toEqual([
    [1, 1, 0],
    [0, 1, 1],
    [0, 0, 0],
  ]);
});

test("a transaction leaves the state that it began from as it was", () => {
  const base = emptyState(7);
  const transaction = new Transaction(base, () => 8);

  transaction.put(child("a"));

  expect([base.tables.size, base.owned.size, base.revision]).toEqual([0, 0, 7]);
  expect(transaction.state()).toMatchObject({ revision: 8 });
});
