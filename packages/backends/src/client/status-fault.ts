import { ApiFault, type ApiReason, isApiReason } from "@sluice/api";
import type { Violation } from "@sluice/kernel";

interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

const reasonsByCode: Readonly<Record<number, ApiReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** A refusal as the API sent it: a Status, or whatever stood in its place. */
export function faultOf(code: number, body: unknown): ApiFault {
  const status = (typeof body === "object" && body !== null ? body : {}) as {
    readonly reason?: string;
    readonly message?: string;
    readonly details?: { readonly causes?: readonly Cause[] };
  };
  const given = status.reason ?? "";
  const reason = isApiReason(given) ? given : (reasonsByCode[code] ?? "InternalError");
  const message = status.message ?? `the API answered with code ${code}`;
  return new ApiFault(reason, message, { violations: (status.details?.causes ?? []).map(violationOf) });
}

const kinds = {
  FieldValueInvalid: "Invalid value: ",
  FieldValueRequired: "Required value: ",
  FieldValueNotSupported: "Unsupported value: ",
  FieldValueDuplicate: "Duplicate value: ",
  FieldValueForbidden: "Forbidden: ",
  FieldValueTypeInvalid: "Invalid value: ",
  FieldManagerConflict: "",
} as const satisfies Record<NonNullable<Violation["reason"]>, string>;

/** Undoes what the wire writes into a cause; a foreign server's words come through whole, as what is expected. */
function violationOf({ reason = "", message = "", field = "" }: Cause): Violation {
  if (!Object.hasOwn(kinds, reason)) return { path: field, found: "", expected: message };
  const known = reason as keyof typeof kinds;
  const prefix = kinds[known];
  const rest = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  const base = { path: field, reason: known };
  if (known === "FieldValueRequired") return { ...base, found: "nothing", expected: rest };
  if (known === "FieldManagerConflict") return { ...base, found: rest, expected: "a field that no one else holds" };
  if (known === "FieldValueForbidden") return { ...base, found: "it", expected: rest };
  const colon = rest.indexOf(": ");
  if (colon === -1) return { ...base, found: rest, expected: "another value" };
  return { ...base, found: rest.slice(0, colon), expected: rest.slice(colon + 2) };
}
