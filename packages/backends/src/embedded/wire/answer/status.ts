import { ApiFault, isApiReason, type KindDefinition } from "@sluice/api";
import { type Fault, isFault, type Violation } from "@sluice/kernel";

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}

/** What the refused request was about. */
export interface Subject {
  readonly definition?: KindDefinition;
  readonly name?: string;
}

/** Any thrown thing, as what the API tells its caller. What nobody sorted shows no more than that it happened. */
export function apiFaultOf(thrown: unknown): ApiFault {
  if (thrown instanceof ApiFault) return thrown;
  if (!isFault(thrown)) return new ApiFault("InternalError", "an internal error occurred", { cause: thrown });
  if ("reason" in thrown && typeof thrown.reason === "string" && isApiReason(thrown.reason)) {
    return new ApiFault(thrown.reason, thrown.message, { cause: thrown, violations: thrown.violations });
  }
  return new ApiFault(reasonOf(thrown), thrown.message, { cause: thrown, violations: thrown.violations });
}

function reasonOf({ kind }: Fault) {
  switch (kind) {
    case "conflict":
      return "Conflict";
    case "unavailable":
      return "ServiceUnavailable";
    case "invalid":
      return "Invalid";
    case "forbidden":
      return "Forbidden";
    case "bug":
      return "InternalError";
  }
}

export function failure(fault: ApiFault, { definition, name }: Subject = {}): Status {
  // kubectl prints `The Deployment "x" is invalid` from these, and plurals everywhere else.
  const kind = fault.reason === "Invalid" ? definition?.kind : definition?.plural;
  const details: StatusDetails = {
    ...(name === undefined || name === "" ? {} : { name }),
    ...(definition === undefined || definition.group === "" ? {} : { group: definition.group }),
    ...(kind === undefined ? {} : { kind }),
    ...(fault.violations.length === 0 ? {} : { causes: fault.violations.map(causeOf) }),
    ...(fault.code === 429 || fault.code === 503 ? { retryAfterSeconds: 1 } : {}),
  };
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: fault.message,
    reason: fault.reason,
    details,
    code: fault.code,
  };
}

function causeOf(violation: Violation) {
  return {
    reason: violation.reason ?? "FieldValueInvalid",
    message: causeText(violation),
    field: violation.path,
  };
}

function causeText({ found, expected, repair, reason }: Violation): string {
  const advice = repair === undefined ? expected : `${expected}; ${repair}`;
  switch (reason) {
    case "FieldManagerConflict":
      return found; // kubectl prints its own advice below.
    case "FieldValueRequired":
      return `Required value: ${advice}`;
    case "FieldValueNotSupported":
      return `Unsupported value: ${found}: ${advice}`;
    case "FieldValueDuplicate":
      return `Duplicate value: ${found}`;
    case "FieldValueForbidden":
      return `Forbidden: ${advice}`;
    default:
      return `Invalid value: ${found}: ${advice}`;
  }
}
