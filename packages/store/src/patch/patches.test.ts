import type { Schema } from "@sluice/api";
import { expect, test } from "vitest";
import { jsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { mergedOrder } from "./merged-order.ts";
import { strategicMerge } from "./strategic-merge.ts";

// RFC 7386, appendix A
test.each([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])("merge patch: %j with %j is %j", (target, patch, expected) => {
  expect(mergePatch(target, patch)).toEqual(expected);
});

// RFC 6902, appendix A
test.each([
  [{ foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { baz: "qux", foo: "bar" }],
  [{ foo: ["bar", "baz"] }, [{ op: "add", path: "/foo/1", value: "qux" }], { foo: ["bar", "qux", "baz"] }],
  [{ baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
  [{ foo: ["bar", "qux", "baz"] }, [{ op: "remove", path: "/foo/1" }], { foo: ["bar", "baz"] }],
  [{ baz: "qux" }, [{ op: "replace", path: "/baz", value: "boo" }], { baz: "boo" }],
  [
    { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
    [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
    { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
  ],
  [
    { foo: ["all", "grass", "cows", "eat"] },
    [{ op: "move", from: "/foo/1", path: "/foo/3" }],
    { foo: ["all", "cows", "eat", "grass"] },
  ],
  [{ baz: "qux" }, [{ op: "test", path: "/baz", value: "qux" }], { baz: "qux" }],
  [
    { foo: "bar" },
    [{ op: "add", path: "/child", value: { grandchild: {} } }],
    { foo: "bar", child: { grandchild: {} } },
  ],
  [{ foo: ["bar"] }, [{ op: "add", path: "/foo/-", value: ["abc"] }], { foo: ["bar", ["abc"]] }],
  [{ "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
])("JSON patch: %j by %j is %j", (document, operations, expected) => {
  const before = structuredClone(document);

  expect(jsonPatch(document, operations)).toEqual(expected);
  expect(document).toEqual(before);
});

test.each([
  [{ op: "test", path: "/baz", value: "bar" }, "Invalid"],
  [{ op: "add", path: "/no/such", value: 1 }, "Invalid"],
  [{ op: "remove", path: "/no" }, "Invalid"],
  [{ op: "replace", path: "/no", value: 1 }, "Invalid"],
  [{ op: "add", path: "/list/7", value: 1 }, "Invalid"],
  [{ op: "add", path: "/list/01", value: 1 }, "Invalid"],
  [{ op: "add", path: "baz", value: 1 }, "BadRequest"],
  [{ op: "add", path: "/baz" }, "BadRequest"],
  [{ op: "add", path: "/__proto__", value: {} }, "BadRequest"],
  [{ op: "move", from: "/list", path: "/list/0" }, "BadRequest"],
  [{ path: "/baz" }, "BadRequest"],
  ["add", "BadRequest"],
])("JSON patch: %j is refused as %s", (operation, reason) => {
  expect(() => jsonPatch({ baz: "qux", list: [1] }, [operation])).toThrow(expect.objectContaining({ reason }));
});

test("no patch reaches an object's nature", () => {
  const patch = JSON.parse('{"__proto__": {"polluted": true}}');

  expect(() => mergePatch({}, patch)).toThrow(expect.objectContaining({ reason: "BadRequest" }));
  expect(() => strategicMerge({}, {}, patch)).toThrow(expect.objectContaining({ reason: "BadRequest" }));
  expect(({} as { polluted?: boolean }).polluted).toBe(undefined);
});

const merging = (items: Schema, key?: string): Schema => ({
  type: "array",
  items,
  "x-kubernetes-patch-strategy": "merge",
  ...(key === undefined ? {} : { "x-kubernetes-patch-merge-key": key }),
});
const schema: Schema = {
  properties: {
    ports: merging({ properties: {} }, "port"),
    names: merging({ type: "string" }),
    plain: { type: "array" },
    strategy: { properties: {} },
  },
};

test.each([
  ["lists without a strategy are replaced", { plain: [1, 2] }, { plain: [3] }, { plain: [3] }],
  ["scalars are added", { names: ["a"] }, { names: ["b", "a"] }, { names: ["a", "b"] }],
  [
    "scalars are taken out and sorted",
    { names: ["a", "b", "c"] },
    { "$deleteFromPrimitiveList/names": ["a"], "$setElementOrder/names": ["c", "b"] },
    { names: ["c", "b"] },
  ],
  [
    "two with one key: the first is meant, the second stays",
    {
      ports: [
        { port: 53, protocol: "TCP" },
        { port: 53, protocol: "UDP" },
      ],
    },
    { ports: [{ port: 53, name: "dns" }] },
    {
      ports: [
        { port: 53, protocol: "TCP", name: "dns" },
        { port: 53, protocol: "UDP" },
      ],
    },
  ],
  ["an element may be deleted that isn't there", {}, { ports: [{ $patch: "delete", port: 1 }] }, { ports: [] }],
  [
    "only the retained keys stay",
    { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } },
    { strategy: { $retainKeys: ["type"], type: "Recreate" } },
    { strategy: { type: "Recreate" } },
  ],
  ["a map is deleted by directive", { strategy: { type: "x" } }, { strategy: { $patch: "delete" } }, {}],
  [
    "no directive is ever stored",
    {},
    { strategy: { inner: { $patch: "replace", a: 1, b: null } } },
    { strategy: { inner: { a: 1 } } },
  ],
])("strategic merge: %s", (_name, target, patch, expected) => {
  expect(strategicMerge(schema, target, patch)).toEqual(expected);
});

test.each([
  { ports: [{ name: "keyless" }] },
  { ports: ["no object"] },
  { strategy: { $patch: "explode" } },
  { "$setElementOrder/names": "a" },
])("strategic merge: %j is refused", (patch) => {
  expect(() => strategicMerge(schema, { names: ["a"] }, patch)).toThrow(
    expect.objectContaining({ reason: "BadRequest" }),
  );
});

test("in a merged order the author's items stand as asked, the others behind whom they followed", () => {
  expect(mergedOrder(["x", "a", "y", "b", "z"], ["b", "new", "a"])).toEqual(["x", "b", "z", "new", "a", "y"]);
});
