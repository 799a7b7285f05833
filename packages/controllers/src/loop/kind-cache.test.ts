import type { Resource } from "@sluice/api";
import type { ListFilter } from "@sluice/kernel";
import { expect, test } from "vitest";
import { bucketsOf, bucketsToRead } from "./index-buckets.ts";
import { KindCache } from "./kind-cache.ts";

const policy = (name: string, selector?: object, namespace = "shop"): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RollbackPolicy",
    metadata: { name, namespace, resourceVersion: "1" },
    spec: selector === undefined ? {} : { selector },
  }) as Resource;

const quarantine = (name: string, kind: string, workload: string, namespace = "shop"): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Quarantine",
    metadata: { name, namespace, resourceVersion: "1" },
    spec: { workload: { apiVersion: "argoproj.io/v1alpha1", kind, name: workload } },
  }) as Resource;

const objects = [
  policy("of-all"),
  policy("by-nothing", {}),
  policy("by-app", { matchLabels: { app: "web" } }),
  policy("by-app-and-tier", { matchLabels: { app: "web", tier: "front" } }),
  policy("by-other-app", { matchLabels: { app: "cart" } }),
  policy("by-expression", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }),
  policy("elsewhere", undefined, "bank"),
  quarantine("web-1", "Rollout", "web"),
  quarantine("web-2", "Deployment", "web"),
  quarantine("cart-1", "Rollout", "cart"),
  quarantine("web-1", "Rollout", "web", "bank"),
];

const web = { kind: "Rollout", name: "web" };

test.each<[string, ListFilter, readonly string[]]>([
  [
    "policies by labels",
    { namespace: "shop", selects: { app: "web", version: "2" } },
    ["by-app", "by-nothing", "of-all"],
  ],
  [
    "policies by all the labels that they ask for",
    { namespace: "shop", selects: { tier: "front", app: "web" } },
    ["by-app", "by-app-and-tier", "by-nothing", "of-all"],
  ],
  [
    "policies by expressions",
    { namespace: "shop", selects: { app: "bill" } },
    ["by-expression", "by-nothing", "of-all"],
  ],
  ["policies of what has no labels", { namespace: "shop", selects: {} }, ["by-expression", "by-nothing", "of-all"]],
  ["Quarantines of a workload", { namespace: "shop", workload: web }, ["web-1"]],
  ["Quarantines of a workload in any namespace", { workload: web }, ["web-1", "web-1"]],
])("finds %s", (_, filter, names) => {
  const cache = new KindCache();
  for (const object of objects) cache.set(object);

  const found = cache.list(filter);

  expect(found.map(({ metadata }) => metadata.name)).toEqual(names);
});

test.each<[string, Resource, ListFilter, boolean]>([
  ["another workload's Quarantine", quarantine("a", "Rollout", "cart"), { namespace: "shop", workload: web }, false],
  ["its own Quarantine", quarantine("a", "Rollout", "web"), { namespace: "shop", workload: web }, true],
  [
    "a policy of others",
    policy("a", { matchLabels: { app: "cart" } }),
    { namespace: "shop", selects: { app: "web" } },
    false,
  ],
  [
    "a policy of its own",
    policy("a", { matchLabels: { app: "web" } }),
    { namespace: "shop", selects: { app: "web" } },
    true,
  ],
  ["a policy of all", policy("a"), { namespace: "shop", selects: { app: "web" } }, true],
])("who lists is woken by %s or not", (_, object, filter, isWoken) => {
  const read = new Set(bucketsToRead(filter));

  const woken = bucketsOf(object).filter((bucket) => read.has(bucket));

  expect(woken).toHaveLength(isWoken ? 1 : 0);
});

test("all of a kind are put in order once, until one of them changes", () => {
  const cache = new KindCache();
  for (const object of objects) cache.set(object);

  const first = cache.list(undefined);
  const again = cache.list({ reads: "metadata" });
  const [gone] = first;
  if (gone !== undefined) cache.delete(gone);
  const fewer = cache.list(undefined);
  if (gone !== undefined) cache.set(gone);

  expect(again).toBe(first);
  expect(fewer).toEqual(first.slice(1));
  expect(cache.list(undefined)).toEqual(first);
});
