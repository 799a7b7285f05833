import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Resource } from "../contract/resource.ts";
import { applyDefaults, builtInKinds, prune, unknownFields, validate } from "../index.ts";
import { type SampleKind, sample } from "../testing/samples.ts";

type Tree = { [key: string]: unknown };

/** Every place in an object, as keys. */
function places(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => places(child, [...path, key]))];
}

function replaced(object: Resource, path: readonly string[], value: unknown): Resource {
  const copy = structuredClone(object) as unknown as Tree;
  let parent = copy;
  for (const key of path.slice(0, -1)) parent = parent[key] as Tree;
  const last = path.at(-1);
  if (last !== undefined) parent[last] = value;
  return copy as unknown as Resource;
}

const kinds: readonly SampleKind[] = [
  "Pod",
  "Service",
  "Deployment",
  "Rollout",
  "AnalysisTemplate",
  "Application",
  "VirtualService",
  "DestinationRule",
  "CustomResourceDefinition",
  "Secret",
];

/** Whatever people send, the answer is a list of violations, never a crash; and what was pruned and defaulted stays so. */
describe("one place replaced by anything", () => {
  for (const kind of kinds) {
    test(kind, () => {
      const right = sample(kind);
      const definition = builtInKinds().find((known) => known.kind === kind)!;
      const everywhere = places(right).filter((path) => path.length > 0);

      fc.assert(
        fc.property(fc.constantFrom(...everywhere), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
          const object = replaced(right, path, value);

          const stored = applyDefaults(definition, prune(definition, object));

          validate(definition, object);
          validate(definition, stored);
          expect(unknownFields(definition, stored)).toEqual([]);
          expect(prune(definition, stored)).toBe(stored);
        }),
        { numRuns: 150, seed: 11 },
      );
    });
  }
});

test("keys of the prototype are unknown fields like any others", () => {
  const definition = builtInKinds().find((known) => known.kind === "Pod")!;
  const object = sample("Pod", { "spec.constructor": { a: 1 }, "spec.toString": 1 });

  const found = unknownFields(definition, object).map(({ path }) => path);

  expect(found).toEqual(["spec.constructor", "spec.toString"]);
});

test("prune touches nothing that is right, and shares it", () => {
  const definition = builtInKinds().find((known) => known.kind === "Deployment")!;
  const object = sample("Deployment");

  expect(prune(definition, object)).toBe(object);
});
