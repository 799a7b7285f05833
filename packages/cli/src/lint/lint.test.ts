import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findingsAsJson, lintFiles, renderFindings } from "./index.ts";
import { byVersion, checks, hash, lint, rollout, routing, rulesOf, service } from "./shop.fixture.ts";

const whole = [
  service(),
  routing,
  rollout({ args: `[{name: service, value: shop}, ${hash}]` }),
  checks({ query: byVersion, args: "[{name: service}, {name: hash}]" }),
];

test("a right set of manifests has no findings", () => {
  expect(lint(...whole)).toEqual([]);
});

describe("what one file names and no other has", () => {
  const cases: readonly (readonly [string, readonly string[], string, string])[] = [
    [
      "a template",
      [rollout({ templates: "[{templateName: chekcs}]" }), checks()],
      "missing-template",
      "a template: checks",
    ],
    [
      "a metric named as template",
      [rollout({ templates: "[{templateName: checks}, {templateName: success}]" }), checks()],
      "missing-template",
      "it exists only as a metric inside checks",
    ],
    ["an argument", [rollout({ args: "[]" }), checks()], "missing-argument", "needs the argument service"],
    [
      "a label",
      [
        rollout({ args: "[{name: service, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['ring']\"}}}]" }),
        checks(),
      ],
      "missing-label",
      "metadata.labels['ring']",
    ],
    ["a route", [service(), routing, rollout({ route: "main" }), checks()], "missing-route", "has no route main"],
    [
      "a subset",
      [service(), routing, rollout({ canarySubset: "next" }), checks()],
      "missing-subset",
      "has no subset next",
    ],
    ["a Service", [service("other"), routing], "missing-reference", "no Service shop"],
    ["pods", [service().replace("app: shop", "app: shp"), rollout()], "service-without-pods", "app=shp"],
    [
      "a port",
      [service().replace("targetPort: http", "targetPort: web"), rollout()],
      "missing-port",
      "a port called web",
    ],
    [
      "a probe's port",
      [rollout().replace("port: http}}", "port: web}}")],
      "missing-port",
      "readinessProbe asks the port web",
    ],
    ["a step", [rollout({ startingStep: 3 }), checks()], "analysis-never-starts", "the last one is 2"],
    ["a declared argument", [checks({ args: "[]" })], "undeclared-argument", "{{args.service}}"],
    [
      "a query with the argument",
      [checks({ args: "[{name: service}, {name: namespace}]" })],
      "unused-argument",
      "no query filters by it",
    ],
  ];
  for (const [name, files, rule, words] of cases) {
    test(name, () => {
      const found = lint(...files).filter((finding) => finding.rule === rule);

      expect(found.map((finding) => Object.values(finding).join("; ")).join("\n")).toContain(words);
    });
  }
});

describe("Applications", () => {
  const application = (annotations: string, source: string) => `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  annotations: ${annotations}
spec:
  source: {repoURL: https://example.com/shop.git, path: deploy, ${source}}
  destination: {server: https://kubernetes.default.svc}
`;

  test("a hook annotation on the Application itself", () => {
    expect(rulesOf(application("{argocd.argoproj.io/hook: PreSync}", "targetRevision: HEAD"))).toEqual([
      "6:42 hook-on-application",
    ]);
  });

  test("the revision as an image's tag", () => {
    const helm = "helm: {parameters: [{name: image.tag, value: $ARGOCD_APP_REVISION}]}";

    expect(rulesOf(application("{}", helm))).toEqual(["8:65 not-supported", "8:110 revision-as-tag"]);
  });
});

describe("files that are no good manifests", () => {
  const pod = (metadata: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: ${metadata}\nspec: {containers: [{name: a, image: a}]}\n`;
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    ...["b", "c", "d", "e", "f", "g"].map(
      (name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefg"[index]}`).join(",")}]`,
    ),
  ].join("\n");
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ["malformed", "a: [1,\nb: 2", ["malformed"]],
    ["a tab", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n", ["malformed"]],
    ["a doubled key", pod("{name: a, name: b}"), ["3:21 duplicate-key"]],
    ["an alias bomb", bomb, ["alias-bomb"]],
    ["nesting", "[".repeat(20_000), ["too-deep"]],
    ["a large file", " ".repeat(11 * 1024 * 1024), ["too-large"]],
    ["a Helm template", pod("{name: {{ .Release.Name }}}"), ["1:1 helm-template"]],
    ["one that is no YAML", `${pod("{name: a}")}{{- if .Values.more }}\nb: 1\n{{- end }}\n`, ["1:1 helm-template"]],
    ["another language's braces", `${pod('{name: a, annotations: {text: "{{ .name }}"}}')}`, []],
    ["not a manifest", "services: {web: {image: a}}", ["1:1 not-a-manifest"]],
    ["no kind", "apiVersion: v1\nmetadata: {name: a}", ["1:1 not-a-manifest"]],
    ["an unknown kind", "apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: a}", ["2:7 unknown-kind"]],
    [
      "another version",
      "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: a}",
      ["1:13 unknown-version"],
    ],
    ["nothing", "---\n# nothing\n---\n", []],
    ["an old boolean", pod("{name: a, labels: {a: yes}}"), ["3:33 ambiguous-boolean"]],
    ["the same object twice", `${pod("{name: a}")}---\n${pod("{name: a}")}`, ["8:18 doubled-object"]],
    [
      "an unknown field in a List",
      `apiVersion: v1\nkind: List\nitems:\n- ${pod("{name: a, nmae: b}").trim().replaceAll("\n", "\n  ")}`,
      ["6:23 unknown-field"],
    ],
  ];
  for (const [name, text, expected] of cases) {
    test(name, () => {
      const found = rulesOf(text);

      expect(found.length).toBeGreaterThanOrEqual(expected.length);
      for (const rule of expected) expect(found.join("\n")).toContain(rule);
      if (expected.length === 0) expect(found).toEqual([]);
    });
  }
});

test("a kind of a CustomResourceDefinition among the files is known", () => {
  const crd = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {plural: widgets, kind: Widget}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
`;
  const widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: big}\n";

  expect(lint(crd, widget)).toMatchObject([
    { file: "1.yaml", line: 4, column: 14, path: "spec.size", rule: "wrong-type" },
  ]);
});

test("text for people, JSON for programs", () => {
  const findings = lint("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {a: b}, prots: []}\n");

  expect(renderFindings(findings, { color: false })).toBe(`0.yaml:4:1 error spec.ports is missing [missing-field]
  in       Service a
  found    nothing
  expected at least one port
  repair   add ports: at least one port

0.yaml:4:26 error spec.prots is no field of this kind [unknown-field]
  in       Service a
  found    an unknown field holding a list
  expected one of ports, selector, clusterIP, clusterIPs, type, externalIPs, sessionAffinity, loadBalancerIP, loadBalancerSourceRanges, externalName, externalTrafficPolicy, healthCheckNodePort and 8 more
  repair   did you mean "ports"? (--fix writes it)

2 errors`);
  expect(JSON.parse(findingsAsJson(findings)).findings).toHaveLength(2);
  expect(renderFindings([], { color: true })).toBe("Nothing to complain about.");
});

test("an EvidencePolicy that selects nobody, and a check of a Service that isn't there", () => {
  const policy = (selector: string, name: string) => `
apiVersion: sluice.dev/v1alpha1
kind: EvidencePolicy
metadata: {name: quiet}
spec:
  selector: {matchLabels: {${selector}}}
  syntheticChecks: [{name: home, service: ${name}}]
`;
  const labelled = rollout({}).replace("metadata: {name: shop}", "metadata: {name: shop, labels: {tier: web}}");
  const own = (...texts: readonly string[]) =>
    rulesOf(...texts).filter((line) => line.endsWith("unused-policy") || line.endsWith("missing-service"));

  expect(own(policy("tier: web", "shop"), labelled, service())).toEqual([]);
  expect(own(policy("tier: db", "shpo"), labelled, service())).toEqual(["6:3 unused-policy", "7:43 missing-service"]);
});

test("no control character of a manifest reaches the terminal", () => {
  const text = 'apiVersion: v1\nkind: "Pod\\e[31m"\nmetadata: {name: a}\n';

  expect(renderFindings(lint(text), { color: false })).not.toContain("\u001b");
});

// The listings stand beside the repository, not in it.
const listing = new URL("../../../../../shared/seed/rollouts-and-analysis.yaml", import.meta.url);
test.skipIf(!existsSync(listing))("the reference listing (skipped where ../shared is missing)", () => {
  const findings = lintFiles([{ path: "listing.yaml", text: readFileSync(listing, "utf8") }]);
  const lines = findings.map(({ line, rule }) => `${line} ${rule}`);

  expect(lines).toEqual(
    expect.arrayContaining([
      "18 missing-template",
      "19 missing-template",
      "59 misplaced-affinity",
      "145 pooled-query",
      "145 only-2xx",
      "157 pooled-query",
      "170 pooled-query",
      "170 empty-without-errors",
      "190 invalid-value",
      "211 overloaded-canary",
      "228 missing-template",
      "231 invalid-value",
    ]),
  );
  expect(lines.filter((line) => line.endsWith("missing-field"))).toHaveLength(2);
  expect(findings.find(({ rule }) => rule === "pooled-query")?.what).toContain(
    "failing 50 % of its requests passes all 5 measurements in steady state, and 55 %",
  );
});

test("what the embedded router leaves out, and what a release drops, is a warning", () => {
  const mesh = `${routing.replace("subsets: [", "subsets: [{name: third}, ")}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db}
spec:
  hosts: [db.example.com]
  tcp: [{match: [{port: 5432}], route: [{destination: {host: shop}}]}]
`;

  const findings = lint(service(), mesh, rollout(), checks());

  const warned = findings.filter(({ rule }) => ["route-not-served", "dropped-subset"].includes(rule));
  expect(warned.map(({ severity, rule, path }) => [severity, rule, path])).toEqual(
    expect.arrayContaining([
      ["warning", "route-not-served", "spec.tcp"],
      ["warning", "dropped-subset", "spec.subsets[0].name"],
    ]),
  );
  const named = rollout().replace("stableSubsetName:", "additionalSubsetNames: [third], stableSubsetName:");
  expect(lint(service(), mesh, named, checks()).filter(({ rule }) => rule === "dropped-subset")).toEqual([]);
});

test("each of several VirtualServices is looked at", () => {
  const several = rollout().replace(
    /virtualService: (\{.*\})/,
    "virtualServices: [{name: shop, routes: [primary]}, {name: shop, routes: [nope]}]",
  );

  const findings = lint(service(), routing, several, checks());

  expect(findings.map(({ rule, path }) => `${rule} ${path}`)).toContain(
    "missing-route spec.strategy.canary.trafficRouting.istio.virtualServices[1].routes[0]",
  );
});

const colour = (name: string, image: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-${name}}
spec:
  selector: {matchLabels: {app: shop, version: ${name}}}
  template:
    metadata: {labels: {app: shop, version: ${name}}}
    spec: {containers: [{name: shop, image: "${image}", ports: [{name: http, containerPort: 8080}]}]}
`;
const colourService = (name: string, version: string) =>
  service(name).replace("{app: shop}", `{app: shop, version: ${version}}`);

test("a blue-green pair: a way to each colour, and tags that don't move", () => {
  const pair = [colour("blue", "shop:latest"), colour("green", "registry:5000/shop:v2"), colourService("shop", "blue")];

  expect(rulesOf(...pair, colourService("shop-blue", "blue"))).toEqual([
    "9:45 moving-image",
    "8:16 colour-without-service",
  ]);
  expect(
    rulesOf(
      colour("blue", "shop:v1"),
      ...pair.slice(1),
      colourService("shop-blue", "blue"),
      colourService("shop-green", "green"),
    ),
  ).toEqual([]);
});
