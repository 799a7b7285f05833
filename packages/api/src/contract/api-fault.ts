import { Fault, type FaultKind, type Violation } from "@sluice/kernel";

/** The reasons of a Kubernetes Status, each with its HTTP code. */
const reasons = {
  BadRequest: { code: 400, kind: "invalid" },
  Unauthorized: { code: 401, kind: "forbidden" },
  Forbidden: { code: 403, kind: "forbidden" },
  NotFound: { code: 404, kind: "invalid" },
  MethodNotAllowed: { code: 405, kind: "invalid" },
  NotAcceptable: { code: 406, kind: "invalid" },
  AlreadyExists: { code: 409, kind: "conflict" },
  Conflict: { code: 409, kind: "conflict" },
  Gone: { code: 410, kind: "conflict" },
  Expired: { code: 410, kind: "conflict" },
  RequestEntityTooLarge: { code: 413, kind: "invalid" },
  UnsupportedMediaType: { code: 415, kind: "invalid" },
  Invalid: { code: 422, kind: "invalid" },
  TooManyRequests: { code: 429, kind: "unavailable" },
  InternalError: { code: 500, kind: "bug" },
  ServiceUnavailable: { code: 503, kind: "unavailable" },
  Timeout: { code: 504, kind: "unavailable" },
} as const satisfies Record<string, { code: number; kind: FaultKind }>;

export type ApiReason = keyof typeof reasons;

/** A refusal of the API. `reason` and `code` are Kubernetes'; `violations` become the Status' causes. */
export class ApiFault extends Fault {
  readonly reason: ApiReason;
  readonly code: number;

  constructor(
    reason: ApiReason,
    message: string,
    options: { cause?: unknown; violations?: readonly Violation[] } = {},
  ) {
    super(reasons[reason].kind, message, options);
    this.name = "ApiFault";
    this.reason = reason;
    this.code = reasons[reason].code;
  }
}

export const isApiReason = (text: string): text is ApiReason => Object.hasOwn(reasons, text);

/** Structural: true for an ApiFault of any copy of this package, with this reason. */
export function hasReason(value: unknown, reason: ApiReason): boolean {
  return value instanceof Error && "reason" in value && value.reason === reason;
}
