import { expect, test } from "vitest";
import { lintFiles } from "../index.ts";

const analyses = "analyses: [{name: a, templateName: compare}]";
const versions = "templates: [{name: canary, specRef: canary}]";
const rollout = `---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: shop:v1}]}}
  strategy: {canary: {steps: [{setWeight: 5}, {experiment: {${versions}, ${analyses}}}]}}
`;
const alone = `---
apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: {name: shop}
spec:
  templates:
    - name: canary
      selector: {matchLabels: {app: shop}}
      template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: shop:v1}]}}
  ${analyses}
`;
const template = (name: string): string => `---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: ${name}}
spec: {metrics: [{name: a, successCondition: "result == 1", provider: {web: {url: "http://shop/"}}}]}
`;

test.each([
  ["a step's, where others are among the files", rollout + template("other"), "error"],
  ["one of its own, where others are among the files", alone + template("other"), "error"],
  ["where none is, since they may be in the cluster", rollout, "warning"],
])("an experiment names a template that isn't there: %s", (_, text, severity) => {
  const found = lintFiles([{ path: "a.yaml", text }]).filter(({ rule }) => rule === "missing-template");

  expect(found).toMatchObject([{ severity, found: "compare", repair: "add the AnalysisTemplate compare" }]);
});

test("one that is there is nothing to complain about", () => {
  const findings = lintFiles([
    { path: "a.yaml", text: rollout + alone.replace("shop}", "alone}") + template("compare") },
  ]);

  expect(findings.map(({ rule }) => rule)).not.toContain("missing-template");
});
