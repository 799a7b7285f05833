import { expect, test } from "vitest";
import { hasRetryBudget, retriesFailure, retriesStatus, retryWaitMillis } from "./retry-policy.ts";
import type { RetryEntry } from "./table.ts";

const policy = (...on: RetryEntry["on"]): RetryEntry => ({ attempts: 2, on });

test("a status is retried where the policy names it, its class or its code", () => {
  const codesOf = (retries: RetryEntry) =>
    [200, 404, 409, 500, 502, 504, 505].filter((code) => retriesStatus(retries, code));

  expect(codesOf(policy("5xx"))).toEqual([500, 502, 504, 505]);
  expect(codesOf(policy("gateway-error"))).toEqual([502, 504]);
  expect(codesOf(policy("retriable-4xx"))).toEqual([409]);
  expect(codesOf({ ...policy("connect-failure"), codes: [404] })).toEqual([404]);
});

test("a try without a response is retried where the policy names how it failed", () => {
  const failures = ["reset", "connect-failure", "timeout"] as const;
  const retried = (retries: RetryEntry) => failures.filter((failure) => retriesFailure(retries, failure));

  expect(retried(policy("5xx"))).toEqual(["reset", "connect-failure", "timeout"]);
  expect(retried(policy("gateway-error"))).toEqual(["reset", "timeout"]);
  expect(retried(policy("connect-failure"))).toEqual(["connect-failure"]);
  expect(retried(policy("retriable-4xx"))).toEqual([]);
});

test("retries are a fifth of what is under way, but three are always allowed", () => {
  expect([hasRetryBudget(2, 0), hasRetryBudget(3, 0), hasRetryBudget(19, 100), hasRetryBudget(20, 100)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test("waits double up to a limit", () => {
  expect([0, 1, 2, 9].map((before) => retryWaitMillis(before, 0))).toEqual([12.5, 25, 50, 125]);
});
