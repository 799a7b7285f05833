import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lintFiles } from "../index.ts";

const example = (name: string) =>
  readFileSync(new URL(`../../../../../examples/blue-green-rollout/${name}.yaml`, import.meta.url), "utf8");
const files = { rollout: example("rollout"), services: example("services"), analysis: example("analysis") };
const lint = (over: Partial<typeof files> & { readonly policy?: string } = {}) =>
  lintFiles(Object.entries({ ...files, ...over }).map(([name, text]) => ({ path: `${name}.yaml`, text })));
const rolloutWith = (line: string) => ({
  rollout: files.rollout.replace("previewReplicaCount: 1", line),
});

const policyWith = (line: string) =>
  `apiVersion: sluice.dev/v1alpha1\nkind: RollbackPolicy\nmetadata: { name: careful }\nspec:\n  ${line}\n`;

test("the example has no findings, nor with a policy that holds nothing back", () => {
  expect(lint()).toEqual([]);
  expect(lint({ policy: policyWith("holdback: { weight: 0 }") })).toEqual([]);
});

test.each([
  [
    "a time that nothing waits for",
    rolloutWith("autoPromotionSeconds: 30"),
    { rule: "ignored-auto-promotion", path: "spec.strategy.blueGreen.autoPromotionSeconds" },
  ],
  [
    "an analysis of no Pods",
    rolloutWith("previewReplicaCount: 0"),
    { rule: "empty-preview", path: "spec.strategy.blueGreen.previewReplicaCount" },
  ],
  [
    "a Service that isn't there",
    { rollout: files.rollout.replace("activeService: page", "activeService: shop") },
    {
      rule: "missing-reference",
      path: "spec.strategy.blueGreen.activeService",
      severity: "error",
      expected: "one of page, page-preview",
    },
  ],
  [
    "a Service of other Pods",
    { services: files.services.replace("selector: { app: page }", "selector: { app: shop }") },
    { rule: "strange-selector", found: "app: shop", expected: "app: page", repair: "select app=page" },
  ],
  [
    "a holdback that a switch can't have",
    { policy: policyWith("holdback: { weight: 10 }") },
    { rule: "ignored-holdback", path: "spec.holdback", found: "weight: 10, seconds: 600" },
  ],
])("%s is found, with its repair", (_words, over, expected) => {
  const findings = lint(over).filter(({ rule }) => rule === expected.rule);

  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ ...expected, repair: expect.any(String) });
});
