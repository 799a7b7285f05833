import { applyDefaults, type KindDefinition, prune, type Resource, unknownFields, validate } from "@sluice/api";
import { describeViolation, type Violation } from "@sluice/kernel";

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

/** By the kind's own schema and rules. An unknown field is refused, or under Warn and Ignore left out. */
export const schemaAdmission: Admission = {
  admit(definition, object, old, fieldValidation) {
    const unknown = fieldValidation === "Ignore" ? [] : unknownFields(definition, object);
    const complete = applyDefaults(definition, prune(definition, object));
    const violations = validate(definition, complete, old);
    if (fieldValidation === "Strict")
      return { object: complete, violations: [...unknown, ...violations], warnings: [] };
    return { object: complete, violations, warnings: unknown.map(describeViolation) };
  },
};
