import type { Resource } from "@sluice/api";
import { sameJson, type Violation } from "@sluice/kernel";
import { tableOf } from "../state.ts";

/** What the API server itself writes into a new object of some kinds. */
export function begun(object: Resource): Resource {
  switch (tableOf(object)) {
    case "/Namespace": {
      const { name, labels } = object.metadata;
      return {
        ...object,
        metadata: { ...object.metadata, labels: { "kubernetes.io/metadata.name": name, ...labels } },
        spec: { finalizers: ["kubernetes"], ...(object.spec as object | undefined) },
        status: { phase: "Active" },
      };
    }
    case "/Pod":
      return { ...object, status: { phase: "Pending" } };
    default:
      return object;
  }
}

/** Decisions are a record: what was decided can't be rewritten. */
export function appendOnlyViolations(old: Resource, next: Resource): readonly Violation[] {
  if (tableOf(old) !== "sluice.dev/Decision" || sameJson(old.spec, next.spec)) return [];
  return [
    {
      path: "spec",
      found: "another decision",
      expected: "the spec as it was created: decisions are append-only",
      repair: "create a new Decision",
      reason: "FieldValueForbidden",
    },
  ];
}
