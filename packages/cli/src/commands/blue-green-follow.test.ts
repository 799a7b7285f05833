import type { BlueGreenDeployment } from "@sluice/api";
import { expect, test } from "vitest";
import { endOf } from "./blue-green-follow.ts";

const seen = (release: string, phase?: string, of = release): BlueGreenDeployment =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "BlueGreenDeployment",
    metadata: { name: "shop" },
    spec: { release, image: "shop:v2" },
    ...(phase === undefined ? {} : { status: { release: of, phase } }),
  }) as unknown as BlueGreenDeployment;

test.each([
  ["nobody has begun it", seen("a"), undefined],
  ["it is under way", seen("a", "Switching"), undefined],
  ["the one before has ended, and it hasn't begun", seen("a", "Succeeded", "before"), undefined],
  ["it has the traffic", seen("a", "Succeeded"), "succeeded"],
  ["somebody took it back", seen("a", "Aborted"), "aborted"],
  ["it failed", seen("a", "Failed"), "failed"],
  ["another one took its place", seen("b", "Succeeded"), "superseded"],
])("a deploy where %s", (_, deploy, end) => {
  expect(endOf(deploy, "a")).toBe(end);
});
