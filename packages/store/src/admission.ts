import type { KindDefinition, Resource } from "@sluice/api";
import type { Violation } from "@sluice/kernel";

export interface Admitted {
  /** With defaults, and without the fields that the schema doesn't know. */
  readonly object: Resource;
  readonly violations: readonly Violation[];
  readonly warnings: readonly string[];
}

/** What decides whether an object may be stored, and in which shape. Pure. */
export interface Admission {
  admit(
    definition: KindDefinition,
    object: Resource,
    old: Resource | undefined,
    fieldValidation: "Strict" | "Warn" | "Ignore",
  ): Admitted;
}

/** Lets everything pass, with the kind's own rules applied; for kinds without a schema. */
export const lenientAdmission: Admission = {
  admit(definition, object, old) {
    const complete = definition.applyDefaults?.(object) ?? object;
    return { object: complete, violations: definition.validate?.(complete, old) ?? [], warnings: [] };
  },
};
