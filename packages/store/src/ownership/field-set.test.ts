import fc from "fast-check";
import { expect, test } from "vitest";
import { difference, type FieldSet, intersection, memberPaths, union } from "./field-set.ts";

const paths = fc.uniqueArray(fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }), {
  selector: (path) => path.join("."),
  maxLength: 8,
});

/** As Kubernetes writes a set with these members. */
function setOf(members: readonly (readonly string[])[]): FieldSet {
  interface Tree {
    member: boolean;
    children: Map<string, Tree>;
  }
  const root: Tree = { member: false, children: new Map() };
  for (const path of members) {
    let node = root;
    for (const part of path) {
      const next = node.children.get(part) ?? { member: false, children: new Map() };
      node.children.set(part, next);
      node = next;
    }
    node.member = true;
  }
  const write = ({ member, children }: Tree): FieldSet => ({
    ...(member && children.size > 0 ? { ".": {} } : {}),
    ...Object.fromEntries([...children].map(([part, child]) => [`f:${part}`, write(child)])),
  });
  return write(root);
}

const texts = (members: readonly (readonly string[])[]) => members.map((path) => `.${path.join(".")}`);

test("law: union, difference and intersection are those of the members", () => {
  fc.assert(
    fc.property(paths, paths, (left, right) => {
      const [a, b] = [setOf(left), setOf(right)];
      const [inA, inB] = [new Set(texts(left)), new Set(texts(right))];

      expect(new Set(memberPaths(union(a, b)))).toEqual(new Set([...inA, ...inB]));
      expect(new Set(memberPaths(difference(a, b)))).toEqual(new Set([...inA].filter((path) => !inB.has(path))));
      expect(new Set(memberPaths(intersection(a, b)))).toEqual(new Set([...inA].filter((path) => inB.has(path))));
    }),
    { numRuns: 300 },
  );
});

test("paths are written for people", () => {
  const set = {
    "f:spec": { "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:image": {} } }, "f:names": { 'v:"a"': {} } },
  };

  expect(memberPaths(set)).toEqual([
    '.spec.containers[name="web"]',
    '.spec.containers[name="web"].image',
    '.spec.names[="a"]',
  ]);
});
