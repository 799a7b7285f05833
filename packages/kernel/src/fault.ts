/**
 * Sorted by what the caller can do:
 * `conflict`, `unavailable`: retry with back-off;
 * `invalid`, `forbidden`: stalled until the input changes;
 * `bug`: ours; crash in rehearsal, quarantine the one object in production.
 */
export type FaultKind = "conflict" | "unavailable" | "invalid" | "forbidden" | "bug";

/** One offending place. `path` is a field path such as `spec.steps[2].setWeight`. */
export interface Violation {
  readonly path: string;
  /** What stands there, short enough to print. Never a secret's value. */
  readonly found: string;
  /** What would be right. */
  readonly expected: string;
  /** What to do about it, where that isn't plain from `expected`. */
  readonly repair?: string;
  /** How Kubernetes names this cause in a Status. */
  readonly reason?:
    | "FieldValueInvalid"
    | "FieldValueRequired"
    | "FieldValueNotSupported"
    | "FieldValueDuplicate"
    | "FieldValueForbidden"
    | "FieldValueTypeInvalid"
    | "FieldManagerConflict";
}

export class Fault extends Error {
  readonly kind: FaultKind;
  readonly violations: readonly Violation[];

  constructor(kind: FaultKind, message: string, options: { cause?: unknown; violations?: readonly Violation[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Fault";
    this.kind = kind;
    this.violations = options.violations ?? [];
  }
}

/** Structural, since `instanceof` lies across package copies. */
export function isFault(value: unknown): value is Fault {
  return value instanceof Error && "kind" in value && typeof value.kind === "string" && "violations" in value;
}

/** Anything thrown, as a Fault; what nobody sorted is a bug. */
export function toFault(thrown: unknown): Fault {
  if (isFault(thrown)) return thrown;
  return new Fault("bug", thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

export const isRetryable = (kind: FaultKind): boolean => kind === "conflict" || kind === "unavailable";

export function describeViolation(violation: Violation): string {
  const repair = violation.repair === undefined ? "" : `; ${violation.repair}`;
  return `${violation.path}: found ${violation.found}, expected ${violation.expected}${repair}`;
}
