import type { HttpRoute } from "@sluice/api";
import type { RetryEntry, RetryReason } from "../table.ts";
import { compileDuration } from "./duration.ts";
import { type Report, refuseUnknown } from "./problem.ts";

/** Istio's own default where `retryOn` is absent; its gRPC conditions never come up over HTTP/1.1. */
const defaultRetryOn = "connect-failure,refused-stream,unavailable,cancelled,503";
const grpcReasons = [
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
  "refused-stream",
];
const reasons: Readonly<Record<string, RetryReason>> = {
  "5xx": "5xx",
  "gateway-error": "gateway-error",
  reset: "reset",
  "connect-failure": "connect-failure",
  "retriable-4xx": "retriable-4xx",
};

export function compileRetries(retries: NonNullable<HttpRoute["retries"]>, path: string, report: Report): RetryEntry {
  refuseUnknown(retries, ["attempts", "perTryTimeout", "retryOn"], path, report);
  const perTryTimeoutMillis = compileDuration(retries.perTryTimeout, `${path}.perTryTimeout`, report);
  const on: RetryReason[] = [];
  const codes: number[] = [];
  for (const token of (retries.retryOn || defaultRetryOn).split(",").map((part) => part.trim())) {
    const reason = reasons[token];
    if (reason !== undefined) on.push(reason);
    else if (/^[1-5]\d\d$/.test(token)) codes.push(Number(token));
    else if (!grpcReasons.includes(token)) {
      report(`${path}.retryOn`, token, `${Object.keys(reasons).join(", ")} or a status code`);
    }
  }
  return {
    attempts: Math.max(0, retries.attempts ?? 2),
    ...(perTryTimeoutMillis === undefined ? {} : { perTryTimeoutMillis }),
    on,
    ...(codes.length === 0 ? {} : { codes }),
  };
}
