import { applyDefaults, type KindDefinition, prune, type Resource, unknownFields, validate } from "@sluice/api";
import { describeViolation, sameJson, type Violation } from "@sluice/kernel";

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

/** A stored object as it would be read today: with defaults that came after it was written. */
export const asOfToday = (definition: KindDefinition, object: Resource): Resource =>
  applyDefaults(definition, prune(definition, object));

/**
 * What stands isn't judged again. Else a default or a rule that a new version brings would keep every older object from
 * ever getting a status or losing a finalizer.
 */
function violationsOf(definition: KindDefinition, complete: Resource, old: Resource | undefined): readonly Violation[] {
  const violations = validate(definition, complete, old);
  if (violations.length === 0 || old === undefined) return violations;
  const before = asOfToday(definition, old);
  const isSpecTheSame = sameJson(contentOf(before), contentOf(complete));
  return validate(definition, complete, before).filter(
    ({ path }) => !isSpecTheSame || /^(metadata|status)\b/.test(path),
  );
}

function contentOf({ metadata: _1, status: _2, ...content }: Resource): unknown {
  return content;
}

/** By the kind's own schema and rules. An unknown field is refused, or under Warn and Ignore left out. */
export const schemaAdmission: Admission = {
  admit(definition, object, old, fieldValidation) {
    const unknown = fieldValidation === "Ignore" ? [] : unknownFields(definition, object);
    const complete = asOfToday(definition, object);
    const violations = violationsOf(definition, complete, old);
    if (fieldValidation === "Strict")
      return { object: complete, violations: [...unknown, ...violations], warnings: [] };
    return { object: complete, violations, warnings: unknown.map(describeViolation) };
  },
};
