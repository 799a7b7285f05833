import { expect, test } from "vitest";
import { refusedAll } from "./apply.ts";

const wrong = { kind: "invalid", message: "a.yaml:1: spec.replicas: found many" } as const;
const changed = { kind: "conflict", message: "b.yaml:1: somebody else writes spec.replicas" } as const;
const held = { kind: "forbidden", message: "c.yaml:1: the namespace is being deleted" } as const;

test.each([
  ["manifests that are wrong", [wrong, wrong], "invalid"],
  ["one that somebody else holds among them", [wrong, changed], "conflict"],
  ["one that may not be", [held], "forbidden"],
] as const)("what %s are refused as, which the exit code tells", (_, refusals, kind) => {
  const fault = refusedAll(refusals);

  expect(fault.kind).toBe(kind);
  expect(fault.message.split("\n")).toEqual(refusals.map(({ message }) => message));
});
