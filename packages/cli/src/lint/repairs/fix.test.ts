import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseDocument } from "yaml";
import { differenceOf } from "../../terminal/difference.ts";
import { fixFiles, lintFiles } from "../index.ts";
import { Source } from "../manifests/source.ts";

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
        startingStep: 2
        args:
          - name: canary-hash
            valueFrom: { podTemplateHashValue: Latest }
      trafficRouting:
        istio: {virtualService: {name: shop}, destinationRule: {name: shop, canarySubsetName: canary, stableSubsetName: stable}}
      steps:
      # First
      - setCanaryScale:
          weight: 20 # more to see
      - setWeight: 10
      - setCanaryScale: { matchTrafficWeight: true }
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
          (sum(rate(http_requests_total{pod_template_hash="{{args.canary-hash}}",namespace="{{args.namespace}}",code!~"5.."}[5m])) or vector(0)) # of all
          / sum(rate(http_requests_total{pod_template_hash="{{args.canary-hash}}",namespace="{{args.namespace}}"}[5m]))
  - name: errors
    successCondition: result[0] <= 1
    provider:
      prometheus:
        query: (sum(rate(http_requests_total{pod_template_hash="{{args.canary-hash}}",namespace="{{args.namespace}}",code=~"5.."}[5m])) or vector(0)) / sum(rate(http_requests_total{pod_template_hash="{{args.canary-hash}}",namespace="{{args.namespace}}"}[5m]))
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

const canary = (spec: string, strategy: string) => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
${spec}  strategy:
    canary:
${strategy}      steps: [{setWeight: 10}]
`;
const pods = `  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: shop

        image: shop:v1
`;
const kept = (limit: number, history = "") =>
  [history + pods, `      scaleDownDelayRevisionLimit: ${limit}\n`] as const;
const routed = "      trafficRouting: {istio: {virtualService: {name: shop}}}\n";

test.each([
  ["old versions that nothing keeps running", canary(...kept(3)), canary(pods, "")],
  [
    "more old versions running than are remembered",
    canary(kept(11)[0], routed + kept(11)[1]),
    canary(kept(10)[0], routed + kept(10)[1]),
  ],
  [
    "the same with a limit of its own",
    canary(kept(3, "  revisionHistoryLimit: 2\n")[0], routed + kept(3)[1]),
    canary(kept(2, "  revisionHistoryLimit: 2\n")[0], routed + kept(2)[1]),
  ],
  [
    "a selector from the template's labels",
    canary(pods.split("\n").slice(1).join("\n"), ""),
    `${canary(pods.split("\n").slice(1).join("\n"), "")}  selector:\n    matchLabels:\n      app: "shop"\n`,
  ],
  [
    "the containers of the only other Rollout, under labels of its own",
    `${canary(pods, "")}---\n${canary("  replicas: 2\n", "").replace("name: shop", "name: ring")}`,
    `${canary(pods, "")}---
${canary("  replicas: 2\n", "").replace("name: shop", "name: ring")}  template:
    metadata:
      labels:
        app: "ring"
    spec:
      containers:
      - name: shop
        image: shop:v1
  selector:
    matchLabels:
      app: "ring"
`,
  ],
  [
    "neither where two others could give it",
    [pods, pods, "  replicas: 2\n"]
      .map((spec, at) => canary(spec, "").replace("name: shop", `name: a${at}`))
      .join("---\n"),
    undefined,
  ],
])("repairs %s", (_words, text, right = text) => {
  expect(fix(text)).toBe(right);
});

const checks = (name: string, conditions: string) => `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: ${name}}
spec:
  metrics:
  - name: up
    successCondition: result[0] >= 0.95
${conditions}    provider: {prometheus: {address: "http://prometheus:9090", query: up}}
`;
const measured = (args: string) =>
  canary(pods, `      analysis:\n        templates: [{templateName: rings}]\n        args:\n${args}`);

test("an analysis that isn't there is written, by version; an argument that it doesn't ask for is taken out", () => {
  const service = "        - name: service-name\n          value: shop\n";
  const ring = `        - name: ring\n          value: "{{metadata.labels.ring}}"\n`;
  const hash = "        - name: canary-hash\n          valueFrom: { podTemplateHashValue: Latest }\n";

  const fixed = fix(`${measured(service + ring)}---\n${checks("up", "")}`);

  expect(fixed.startsWith(`${measured(service + hash)}---\n${checks("up", "")}---\n`)).toBe(true);
  expect(fixed).toContain('pod_template_hash="{{args.canary-hash}}",service="{{args.service-name}}",code!~"5.."');
  expect(lintFiles([{ path: "a.yaml", text: fixed }]).filter(({ rule }) => rule !== "missing-reference")).toEqual([]);
});

test("results that are neither good nor bad get a limit", () => {
  const text = checks("up", "    failureCondition: result[0] < 0.9\n");

  expect(fix(text)).toBe(`${text}    inconclusiveLimit: 2\n`);
});

test("a colour without a Service gets one that leads to it alone", () => {
  const colour = (version: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-${version}}
spec:
  selector: {matchLabels: {app: shop, version: ${version}}}
  template:
    metadata: {labels: {app: shop, version: ${version}}}
    spec: {containers: [{name: shop, image: "shop:v1"}]}
`;
  const service = (name: string) =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: shop, version: blue}, ports: [{port: 80}]}\n`;
  const pair = [colour("blue"), colour("green"), service("shop"), service("shop-blue")].join("---\n");

  expect(fix(pair)).toBe(`${pair}---
apiVersion: v1
kind: Service
metadata:
  name: shop-green-service
spec:
  selector:
    app: shop
    version: green
  ports:
  - port: 80
`);
});

// The listings stand beside the repository, not in it.
const seed = new URL("../../../../../../shared/seed/", import.meta.url);
test.skipIf(!existsSync(seed))("the reference listings (skipped where ../shared is missing)", () => {
  const files = ["rollouts-and-analysis.yaml", "blue-green.yaml"].map((path) => ({
    path,
    text: readFileSync(new URL(path, seed), "utf8"),
  }));

  const fixed = fixFiles(files, lintFiles);

  const left = lintFiles(fixed.files).map(({ severity, rule, found }) => `${severity} ${rule} ${found}`);
  expect(left).toEqual([
    // What nobody but a person knows: which build, which users, and what a cluster may have.
    "warning moving-image myregistry/frontend:latest",
    "warning missing-reference frontend-vs",
    "warning missing-reference frontend-dr",
    "warning ring-without-who setWeight: 1",
    "warning missing-reference frontend-ring-vs",
    "warning missing-reference frontend-ring-dr",
  ]);
  expect(fixFiles(fixed.files, lintFiles).repaired).toBe(0);
});

test.each([
  [
    "goes with the field that alone it speaks of",
    "  # Nodes apart,\n  # as far as there are some\n  colour:\n    a: 1\n\n  replicas: 2\n",
    "\n  replicas: 2\n",
  ],
  ["goes with the last field", "  replicas: 2\n  # Nodes apart\n  colour: red\n", "  replicas: 2\n"],
  [
    "stays where it may speak of what follows, too",
    "  # Sizes\n  colour: red\n  replicas: 2\n",
    "  # Sizes\n  replicas: 2\n",
  ],
  ["stays where a gap parts it from the field", "  # Sizes\n\n  colour: red\n", "  # Sizes\n\n"],
  ["of the field before stays", "  replicas: 2 # two\n  colour: red\n", "  replicas: 2 # two\n"],
  ["above the next field stays there", "  # Red\n  colour: red\n  # Two\n  replicas: 2\n", "  # Two\n  replicas: 2\n"],
])("a comment %s", (_, before, after) => {
  const head = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: shop}\nspec:\n";
  const rest = "  selector: {matchLabels: {app: shop}}\n";
  const manifest = (part: string) => `${head}${rest}${part}`;

  const removed = new Source(manifest(before), parseDocument(manifest(before)).contents ?? undefined).remove(
    "spec.colour",
  );

  const [edit] = removed ?? [];
  const text = manifest(before);
  expect(edit && `${text.slice(0, edit.start)}${edit.text}${text.slice(edit.end)}`).toBe(manifest(after));
});

test("what is said of an affinity goes along to the pods that have it", () => {
  const head = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: shop}\nspec:\n";
  const pods = "  selector: {matchLabels: {app: shop}}\n  template:\n    metadata: {labels: {app: shop}}\n    spec:\n";
  const containers = "      containers: [{name: shop, image: shop:v1}]\n";
  const before =
    "  strategy:\n    canary:\n      steps: [{setWeight: 50}]\n\n      # Nodes apart\n      antiAffinity:\n";
  const affinity = "        requiredDuringSchedulingIgnoredDuringExecution:\n          podAntiAffinity: {}\n";

  const fixed = fix(`${head}${pods}${containers}${before}${affinity}`);

  expect(fixed).toContain("      # Nodes apart\n      affinity:\n        podAntiAffinity: {}\n");
  expect(fixed.match(/# Nodes apart/g)).toHaveLength(1);
  expect(fixed).not.toContain("antiAffinity:");
});
