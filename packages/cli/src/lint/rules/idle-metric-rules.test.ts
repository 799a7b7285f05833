import { expect, test } from "vitest";
import { lintFiles } from "../index.ts";

const template = (name: string, metric: string, more = ""): string => `---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: ${name} }
spec:
  metrics: [{ name: ${metric}, successCondition: result == 1, provider: { web: { url: "http://shop/x" } } }]
${more}`;

const rollout = (analysis: string): string => `---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template: { metadata: { labels: { app: shop } }, spec: { containers: [{ name: shop, image: "shop:v1" }] } }
  strategy: { canary: { steps: [{ setWeight: 10 }, { analysis: ${analysis} }] } }
`;

const experiment = (analyses: string, more = ""): string => `---
apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: { name: beside }
spec:
  templates:
    - name: canary
      selector: { matchLabels: { app: shop } }
      template: { metadata: { labels: { app: shop } }, spec: { containers: [{ name: shop, image: "shop:v1" }] } }
  analyses: ${analyses}
${more}`;
const both = "[{ name: a, templateName: one }, { name: b, templateName: two }]";

const idle = (text: string) =>
  lintFiles([{ path: "a.yaml", text }])
    .filter(({ rule }) => rule === "idle-metric-rule")
    .map(({ path }) => path);

const retention = "  measurementRetention: [{ metricName: latency-95, limit: 5 }]\n";
const one = "{ templates: [{ templateName: one }] }";

test.each<readonly [string, string, readonly string[]]>([
  ["a template alone", template("one", "latency", retention), ["spec.measurementRetention[0].metricName"]],
  [
    "one that a Rollout uses, told once",
    template("one", "latency", retention) + rollout(one) + rollout(one).replace("name: shop }", "name: other }"),
    ["spec.measurementRetention[0].metricName"],
  ],
  [
    "of who asks",
    template("one", "latency") +
      rollout("{ templates: [{ templateName: one }], measurementRetention: [{ metricName: errors, limit: 5 }] }"),
    ["spec.strategy.canary.steps[1].analysis.measurementRetention[0].metricName"],
  ],
  ["dryRun as well", template("one", "latency", "  dryRun: [{ metricName: ^lat$ }]\n"), ["spec.dryRun[0].metricName"]],
  ["nothing: a pattern is unanchored", template("one", "latency-950", retention), []],
  [
    "nothing: the metric is another template's of the same analysis",
    template("one", "errors", retention) +
      template("two", "latency-95") +
      rollout("{ templates: [{ templateName: one }, { templateName: two }] }"),
    [],
  ],
  [
    "nothing: another template isn't among the files",
    template("one", "errors", retention) + rollout("{ templates: [{ templateName: one }, { templateName: two }] }"),
    [],
  ],
  [
    "of an Experiment, each of whose analyses is a run of its own",
    template("one", "errors") +
      template("two", "latency-95") +
      experiment(both, "  dryRun: [{ metricName: errors }]\n") +
      experiment(both, "  measurementRetention: [{ metricName: '.*', limit: 5 }]\n").replace("beside", "other"),
    ["spec.dryRun[0].metricName"],
  ],
  [
    "of a template that an Experiment asks for",
    template("one", "errors", retention) + template("two", "latency-95") + experiment(both),
    ["spec.measurementRetention[0].metricName"],
  ],
  [
    "of a Rollout's experiment step",
    template("one", "errors") +
      rollout(one).replace(
        `{ analysis: ${one} }`,
        "{ experiment: { templates: [{ name: a, specRef: canary }], analyses: [{ name: a, templateName: one }], dryRun: [{ metricName: latency }] } }",
      ),
    ["spec.strategy.canary.steps[1].experiment.dryRun[0].metricName"],
  ],
  [
    "nothing: an Experiment's template isn't among the files",
    template("one", "errors") + experiment("[{ name: b, templateName: two }]", "  dryRun: [{ metricName: x }]\n"),
    [],
  ],
  ["nothing: the name comes from an argument", template("one", "'{{args.name}}'", retention), []],
])("a rule that names no metric: %s", (_, text, paths) => {
  expect(idle(text)).toEqual(paths);
});

test("what is told says what would come of it, and which metrics there are", () => {
  const [finding] = lintFiles([{ path: "a.yaml", text: template("one", "latency", retention) }]).filter(
    ({ rule }) => rule === "idle-metric-rule",
  );

  expect(finding).toMatchObject({ severity: "error", line: 7, expected: "a pattern for one of latency" });
  expect(finding?.what).toContain("its AnalysisRun ends in an error before anything is measured");
});
