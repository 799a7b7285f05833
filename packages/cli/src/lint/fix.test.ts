import { expect, test } from "vitest";
import { differenceOf } from "../terminal/difference.ts";
import { fixFiles, lintFiles } from "./index.ts";

const fix = (text: string): string => fixFiles([{ path: "a.yaml", text }], lintFiles).files[0]?.text ?? "";

const release = `# A release, with comments.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}   # flow style stays
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: shop
        image: shop:v1 # the image
  strategy:
    canary:
      antiAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          podAntiAffinity: {}
      analysis:
        templates:
        - templateName: success
        - templateName: errors # only a metric
      trafficRouting:
        istio: {virtualService: {name: shop}, destinationRule: {name: shop, canarySubsetName: canary, stableSubsetName: stable}}
      steps:
      # First
      - setWeight: 10
        setCanaryScale:
          weight: 20 # more to see
      - setWeight: 100
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success
spec:
  args: [{name: namespace, value: production}]
  metrics:
  - name: success
    successCondition: result[0] >= 0.95
    provider:
      prometheus:
        query: |
          sum(rate(http_requests_total{code=~"2.."}[5m])) # of all
          / sum(rate(http_requests_total{}[5m]))
  - name: errors
    successCondition: result[0] <= 1
    provider:
      prometheus:
        query: sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total{}[5m]))
`;

const repaired = `# A release, with comments.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}   # flow style stays
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: shop
        image: shop:v1 # the image
      affinity:
        podAntiAffinity: {}
  strategy:
    canary:
      analysis:
        templates:
        - templateName: success
        args:
          - name: canary-hash
            valueFrom: { podTemplateHashValue: Latest }
      trafficRouting:
        istio: {virtualService: {name: shop}, destinationRule: {name: shop, canarySubsetName: canary, stableSubsetName: stable}}
      steps:
      # First
      - setWeight: 10
      - setCanaryScale:
          weight: 20 # more to see
      - setWeight: 100
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success
spec:
  args: [{name: namespace, value: production}, { name: canary-hash }]
  metrics:
  - name: success
    successCondition: result[0] >= 0.95
    provider:
      prometheus:
        query: |
          sum(rate(http_requests_total{pod_template_hash="{{args.canary-hash}}",namespace="{{args.namespace}}",code!~"5.."}[5m])) # of all
          / sum(rate(http_requests_total{pod_template_hash="{{args.canary-hash}}",namespace="{{args.namespace}}"}[5m]))
  - name: errors
    successCondition: result[0] <= 1
    provider:
      prometheus:
        query: sum(rate(http_requests_total{pod_template_hash="{{args.canary-hash}}",namespace="{{args.namespace}}",code=~"5.."}[5m])) / sum(rate(http_requests_total{pod_template_hash="{{args.canary-hash}}",namespace="{{args.namespace}}"}[5m]))
`;

test("writes each repair in its place; comments and layout stay; a second time changes nothing", () => {
  expect(fix(release)).toBe(repaired);
  expect(fix(repaired)).toBe(repaired);
  const left = lintFiles([{ path: "a.yaml", text: repaired }]);
  expect(left.filter(({ severity }) => severity === "error")).toEqual([]);
});

test("a file without a newline at its end is repaired, too", () => {
  expect(fix(release.trimEnd())).toBe(repaired.trimEnd());
});

const application = (annotations: string) => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
${annotations}spec:
  source: {repoURL: https://example.com/shop.git, path: deploy}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  project: default
`;

test.each([
  ["the only annotation", "  annotations:\n    argocd.argoproj.io/hook: PostSync # why?\n", ""],
  [
    "one of two",
    "  annotations:\n    a: b # stays\n    argocd.argoproj.io/hook: PostSync\n",
    "  annotations:\n    a: b # stays\n",
  ],
  // Nobody can tell what else belongs to the line.
  ["one in braces", "  annotations: {argocd.argoproj.io/hook: PostSync, a: b}\n", undefined],
])("a hook on an Application: %s", (_name, before, after) => {
  expect(fix(application(before))).toBe(application(after ?? before));
});

test("a boolean of YAML 1.1 becomes the text that it is read as", () => {
  const config = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n${data}\n`;

  expect(fix(config("data: {a: on}"))).toBe(config('data: {a: "on"}'));
});

test("a query whose selectors have no braces, or that stands in quotes with escapes, is left to a person", () => {
  for (const query of ["sum(rate(http_requests_total[5m]))", '"sum(rate(http_requests_total{code=~\\"5..\\"}[5m]))"']) {
    const text = `${release.slice(0, release.indexOf("        query: |"))}        query: ${query}\n`;

    expect(fix(text)).toContain(`query: ${query}\n`);
  }
});

test("what is no YAML is left as it is", () => {
  for (const text of ["a: [", "\tx: 1\n", "", "kind: Nothing\n", "a: &a [*a]\n"]) expect(fix(text)).toBe(text);
});

test("a difference shows what changed, and a little around it", () => {
  const lines = Array.from({ length: 9 }, (_, index) => `line ${index}`);
  const after = lines.map((line, index) => (index === 4 ? "changed" : line));

  expect(differenceOf("a.yaml", lines.join("\n"), after.join("\n"))).toBe(
    "--- a.yaml\n+++ a.yaml\n@@ line 3 @@\n line 2\n line 3\n-line 4\n+changed\n line 5\n line 6",
  );
  expect(differenceOf("a.yaml", "same", "same")).toBe("");
});
