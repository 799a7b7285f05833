import { keyOf, type OwnerReference, type Resource } from "@sluice/api";
import type { ListFilter, Reader } from "@sluice/kernel";
import { expect, test } from "vitest";
import { claimed, readClaims } from "./index.ts";

const owner: Resource = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", uid: "1" },
};
const kind = { apiVersion: "apps/v1", kind: "ReplicaSet" };
const by = (uid: string, name = "web", controller = true): OwnerReference => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  name,
  uid,
  controller,
});
const set = (app: string, ownerReferences?: readonly OwnerReference[], metadata: object = {}): Resource => ({
  ...kind,
  metadata: {
    name: "web-a",
    namespace: "shop",
    uid: "a",
    resourceVersion: "7",
    labels: { app },
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...metadata,
  },
});
const leaving = { deletionTimestamp: "2026-01-01T00:00:00Z" };
const selector = { matchLabels: { app: "web" } };

/** As the loop's cache answers. */
const reading = (object: Resource) =>
  ({
    list: async (_kind: unknown, { ownerUid, labels = {} }: ListFilter) => {
      const isOwned = object.metadata.ownerReferences?.some(({ uid }) => uid === ownerUid);
      const isMatch = Object.entries(labels).every(([key, value]) => object.metadata.labels?.[key] === value);
      return (ownerUid === undefined ? isMatch : isOwned) ? [object] : [];
    },
  }) as unknown as Reader;

const [own, orphans, strays, former] = ["own", "orphans", "strays", "former"];
test.each<[string, Resource, readonly (string | undefined)[]]>([
  ["its own", set("web", [by("1")]), [own]],
  ["its own on its way out", set("web", [by("1")], leaving), [own]],
  ["its own that matches no more", set("api", [by("1")]), [strays]],
  ["its own that matches no more and is on its way out", set("api", [by("1")], leaving), [own]],
  ["nobody's", set("web"), [orphans]],
  ["owned by somebody who doesn't control it", set("web", [by("2", "other", false)]), [orphans]],
  ["nobody's on its way out", set("web", undefined, leaving), []],
  ["nobody's that doesn't match", set("api"), []],
  ["another's", set("web", [by("2", "other")]), []],
  ["of one of its name that is gone", set("web", [by("0")]), [former]],
])("%s", async (_name, object, expected) => {
  const claims = await readClaims(owner, kind, selector, reading(object));

  const found = Object.entries(claims).flatMap(([name, list]) => (list.length === 0 ? [] : [name]));
  expect(found).toEqual(expected);
});

test("without a selector nothing is matched, and nothing that is owned is let go", async () => {
  const claims = await readClaims(owner, kind, undefined, reading(set("api", [by("1")])));

  expect(claims).toMatchObject({ own: [{}], orphans: [], strays: [], former: [] });
});

test("references of others stay, and both writes are refused where another of the same name or another owner has come", () => {
  const other = by("2", "other", false);
  const [orphan, stray] = [set("web", [other]), set("api", [by("1"), other])];

  const actions = claimed(owner, { orphans: [orphan], strays: [stray] });

  const own = { ...by("1"), blockOwnerDeletion: true };
  const patch = (ownerReferences: readonly object[]) => ({
    type: "merge",
    value: { metadata: { uid: "a", resourceVersion: "7", ownerReferences } },
  });
  expect(actions).toEqual([
    { do: "patch", key: keyOf(orphan), patch: patch([other, own]), onlyWhile: owner },
    { do: "patch", key: keyOf(stray), patch: patch([other]) },
  ]);
});
