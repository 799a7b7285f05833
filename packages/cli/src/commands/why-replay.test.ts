import type { Resource } from "@sluice/api";
import { isFault } from "@sluice/kernel";
import { expect, test } from "vitest";
import { describeFailure } from "../terminal/failure.ts";
import { policyIn } from "./why-replay.ts";

const policy = (when: unknown): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RollbackPolicy",
    metadata: { name: "strict", namespace: "shop" },
    spec: { rules: [{ name: "any", when, action: "immediate_rollback" }] },
  }) as Resource;
const right = policy([{ signal: "errorRate", above: 1 }]);

const refusal = (...resources: readonly Resource[]): string => {
  try {
    policyIn("a.yaml", resources);
    return "";
  } catch (thrown) {
    return isFault(thrown) && thrown.kind === "invalid" ? describeFailure(thrown) : `no fault: ${thrown}`;
  }
};

test("a policy that the API would refuse is refused with its place, and not taken for one that does nothing", () => {
  expect(refusal(policy({ signal: "errorRate" }))).toBe(
    "RollbackPolicy strict in a.yaml would be refused:\n  spec.rules[0].when: found an object, expected a list",
  );
  expect(refusal(policy([{ metric: "error_rate", above: 1 }]))).toContain("spec.rules[0].when[0].signal");
});

test("no policy and several are refused, one is taken", () => {
  expect(refusal()).toBe("no RollbackPolicy in a.yaml");
  expect(refusal(right, right)).toBe("a.yaml has 2 RollbackPolicies: one at a time");
  expect(policyIn("a.yaml", [right])).toBe(right);
});
