import type { RetryEntry } from "./table.ts";

/** How a try failed without a response. */
export type TryFailure = "reset" | "connect-failure" | "timeout";

/** https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on */
export function retriesFailure(retries: RetryEntry, failure: TryFailure): boolean {
  const { on } = retries;
  if (on.includes("5xx")) return true;
  if (failure === "connect-failure") return on.includes("connect-failure");
  return on.includes("gateway-error") || on.includes("reset");
}

export function retriesStatus({ on, codes }: RetryEntry, status: number): boolean {
  if (codes?.includes(status)) return true;
  if (status === 409) return on.includes("retriable-4xx");
  if (status >= 500 && on.includes("5xx")) return true;
  return status >= 502 && status <= 504 && on.includes("gateway-error");
}

/** A fifth of what is under way, at least three: retries mustn't bury a backend that is already down. */
export const hasRetryBudget = (retrying: number, active: number): boolean => retrying < Math.max(3, active / 5);

const baseMillis = 25;
const maxMillis = 250;

/** As Envoy waits between retries: doubling, at most tenfold. `chance` in [0, 1) picks from the second half of that. */
export const retryWaitMillis = (retriesBefore: number, chance: number): number =>
  Math.min(baseMillis * 2 ** retriesBefore, maxMillis) * (0.5 + chance / 2);
