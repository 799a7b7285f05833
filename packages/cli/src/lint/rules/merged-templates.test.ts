import { expect, test } from "vitest";
import { lintFiles } from "../index.ts";

const template = (name: string, metric: string, more = ""): string => `---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: ${name}
spec:
  metrics:
    - name: ${metric}
      successCondition: result == 1
      provider:
        web:
          url: http://shop/${metric}
${more}`;

const rollout = (name: string, strategy: string): string => `---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers: [{name: shop, image: shop:v1}]
  strategy: ${strategy}
`;
const both = "{templates: [{templateName: one}, {templateName: two}]}";
const background = rollout("shop", `{canary: {analysis: ${both}}}`);
const clashes = (text: string) =>
  lintFiles([{ path: "a.yaml", text }]).filter(({ rule }) => rule === "clashing-templates");

test.each<readonly [string, string, string, string | undefined]>([
  ["the metric", template("one", "latency"), template("two", "latency"), "spec.metrics[0].name"],
  [
    "the rule of dryRun",
    template("one", "latency", "  dryRun: [{metricName: latency}]\n"),
    template("two", "errors", "  dryRun: [{metricName: errors}, {metricName: latency}]\n"),
    "spec.dryRun[1].metricName",
  ],
  [
    "the rule of measurementRetention",
    template("one", "latency", "  measurementRetention: [{metricName: .*, limit: 5}]\n"),
    template("two", "errors", "  measurementRetention: [{metricName: .*, limit: 7}]\n"),
    "spec.measurementRetention[0].metricName",
  ],
  [
    "another default of an argument",
    template("one", "latency", "  args: [{name: limit, value: '1'}]\n"),
    template("two", "errors", "  args: [{name: limit, value: '2'}]\n"),
    "spec.args[0]",
  ],
  [
    "nothing: rules of its own",
    template("one", "latency", "  dryRun: [{metricName: latency}]\n"),
    template("two", "errors", "  dryRun: [{metricName: errors}]\n"),
    undefined,
  ],
  [
    "nothing: the same default, or none",
    template("one", "latency", "  args: [{name: limit, value: '1'}, {name: service, value: shop}]\n"),
    template("two", "errors", "  args: [{name: limit, value: '1'}, {name: service}]\n"),
    undefined,
  ],
])("two templates that one analysis names can't both have %s", (_, one, two, path) => {
  const found = clashes(`${background}${one}${two}`);

  expect(found.map((finding) => finding.path)).toEqual(path === undefined ? [] : [path]);
  for (const finding of found) {
    expect(finding).toMatchObject({ severity: "error", object: "AnalysisTemplate two" });
    for (const part of ["found", "expected", "repair"]) expect(finding).toHaveProperty(part);
    expect(finding.what).toContain("spec.strategy.canary.analysis of Rollout shop names both");
  }
});

test.each([
  ["a step", rollout("shop", `{canary: {steps: [{analysis: ${both}}]}}`)],
  ["before a switch", rollout("shop", `{blueGreen: {activeService: a, prePromotionAnalysis: ${both}}}`)],
  ["after a switch", rollout("shop", `{blueGreen: {activeService: a, postPromotionAnalysis: ${both}}}`)],
  ["two Rollouts, told once", `${background}${rollout("cart", `{canary: {analysis: ${both}}}`)}`],
  [
    "a template that names the other",
    `${rollout("shop", "{canary: {analysis: {templates: [{templateName: three}]}}}")}${template("three", "third", "  templates: [{templateName: one}, {templateName: two}]\n")}`,
  ],
])("it is seen of %s", (_, users) => {
  expect(clashes(`${users}${template("one", "latency")}${template("two", "latency")}`)).toHaveLength(1);
});

test.each([
  [
    "apart",
    rollout(
      "shop",
      "{canary: {steps: [{analysis: {templates: [{templateName: one}]}}, {analysis: {templates: [{templateName: two}]}}]}}",
    ),
  ],
  [
    "twice the same one",
    rollout("shop", "{canary: {analysis: {templates: [{templateName: one}, {templateName: one}]}}}"),
  ],
])("named %s, they don't clash", (_, users) => {
  expect(clashes(`${users}${template("one", "latency")}${template("two", "latency")}`)).toEqual([]);
});

test("the rule goes from the template that doesn't measure what it names, and where both do, a person decides", () => {
  const rule = "  dryRun:\n    - metricName: latency\n";
  const fixOf = (text: string) => {
    const [finding] = clashes(text);
    const [edit] = finding?.fix ?? [];
    return edit === undefined ? undefined : `${text.slice(0, edit.start)}${edit.text}${text.slice(edit.end)}`;
  };
  const [measuring, other] = [template("one", "latency", rule), template("two", "errors", rule)];

  expect(fixOf(`${background}${measuring}${other}`)).toBe(`${background}${measuring}${template("two", "errors")}`);
  expect(fixOf(`${background}${other}${measuring}`)).toBe(`${background}${template("two", "errors")}${measuring}`);
  const wide = "  dryRun:\n    - metricName: .*\n";
  expect(fixOf(`${background}${template("one", "latency", wide)}${template("two", "errors", wide)}`)).toBeUndefined();
});

const naming = (name: string, other: string): string => `---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: ${name}}
spec: {templates: [{templateName: ${other}}]}
`;

test.each([
  ["that name each other alone measure nothing", naming("one", "two") + naming("two", "one"), 1],
  ["of which one in the circle has a metric do", naming("one", "two") + template("two", "latency"), 0],
  ["of which one isn't among the files may", naming("one", "two") + naming("two", "elsewhere"), 0],
])("templates %s", (_, templates, count) => {
  const findings = lintFiles([{ path: "a.yaml", text: templates + background }]);

  const found = findings.filter(({ rule }) => rule === "measures-nothing");
  expect(found.map(({ found: names }) => names)).toEqual(Array(count).fill("one, two"));
});
