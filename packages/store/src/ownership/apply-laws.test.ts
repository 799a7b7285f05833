import type { KindDefinition, Resource, Schema } from "@sluice/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyConfiguration, type Writer } from "./managed-fields.ts";

const text: Schema = { type: "string" };
const item: Schema = { type: "object", properties: { name: text, value: text, note: text } };
const definition: KindDefinition = {
  group: "example.com",
  versions: ["v1"],
  kind: "Thing",
  plural: "things",
  singular: "thing",
  namespaced: true,
  schema: {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          plain: text,
          map: { type: "object", additionalProperties: text },
          list: {
            type: "array",
            items: item,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
          },
          set: { type: "array", items: text, "x-kubernetes-list-type": "set" },
          atomic: { type: "array", items: text },
        },
      },
    },
  },
};

const word = fc.constantFrom("a", "b", "c");
const spec = fc.record(
  {
    plain: word,
    map: fc.dictionary(word, word, { minKeys: 1, maxKeys: 3 }),
    list: fc.uniqueArray(fc.record({ name: word, value: word, note: word }, { requiredKeys: ["name"] }), {
      selector: ({ name }) => name,
      minLength: 1,
      maxLength: 3,
    }),
    set: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
    atomic: fc.array(word, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const thing = (content: unknown): Resource => ({
  apiVersion: "example.com/v1",
  kind: "Thing",
  metadata: { name: "a", namespace: "default" },
  spec: content,
});
const writer = (manager: string): Writer => ({ manager, apiVersion: "example.com/v1", time: "2026-01-01T00:00:00Z" });

function apply(live: Resource | undefined, manager: string, content: unknown, force = false): Resource {
  const { object, entries } = applyConfiguration(definition, live, thing(content), writer(manager), force);
  return { ...object, metadata: { ...object.metadata, managedFields: entries } };
}

/** Without order where order has no meaning, and without empty shells. */
function meaning(object: Resource): unknown {
  const { plain, map, list, set, atomic } = (object.spec ?? {}) as Record<string, unknown>;
  const byName = (items: unknown) =>
    Object.fromEntries(((items ?? []) as { name: string }[]).map((entry) => [entry.name, entry]));
  return {
    plain,
    map: map ?? {},
    list: byName(list),
    set: new Set((set ?? []) as string[]),
    atomic,
  };
}

test("law: a manager's last word is all that is left of its words", () => {
  fc.assert(
    fc.property(fc.array(spec, { minLength: 1, maxLength: 4 }), (words) => {
      const end = words.reduce<Resource | undefined>((live, word_) => apply(live, "one", word_), undefined);

      expect(meaning(end as Resource)).toEqual(meaning(thing(words.at(-1))));
    }),
    { numRuns: 300 },
  );
});

test("law: what two managers apply with force, withdrawn by the second, leaves no word of the second", () => {
  fc.assert(
    fc.property(spec, spec, (first, second) => {
      const both = apply(apply(undefined, "one", first), "two", second, true);
      const withdrawn = apply(both, "two", undefined, true);
      const restored = apply(withdrawn, "one", first, true);

      expect(meaning(restored)).toEqual(meaning(thing(first)));
      expect((restored.metadata.managedFields ?? []).map(({ manager }) => manager)).not.toContain("two");
    }),
    { numRuns: 300 },
  );
});

test("law: applying again what was just applied changes nothing", () => {
  fc.assert(
    fc.property(spec, spec, (first, second) => {
      const once = apply(apply(undefined, "one", first), "two", second, true);

      expect(apply(once, "two", second)).toEqual(once);
    }),
    { numRuns: 300 },
  );
});

test("a list item goes with all that was defaulted into it", () => {
  const made = apply(undefined, "one", { list: [{ name: "a" }, { name: "b" }] });
  const defaulted = {
    ...made,
    spec: {
      list: [
        { name: "a", note: "by default" },
        { name: "b", note: "by default" },
      ],
    },
  };

  const fewer = apply(defaulted, "one", { list: [{ name: "b" }] });

  expect(fewer.spec).toEqual({ list: [{ name: "b", note: "by default" }] });
});
