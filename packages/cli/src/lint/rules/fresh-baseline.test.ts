import { expect, test } from "vitest";
import { lintFiles } from "../index.ts";

const policy = `apiVersion: sluice.dev/v1alpha1
kind: RollbackPolicy
metadata: { name: careful, namespace: shop }
spec:
  selector: { matchLabels: { tier: web } }
  rules: []
  freshBaseline: true
`;

const rollout = (name: string, strategy: string, { annotations = "", ports = "[{ containerPort: 8080 }]" } = {}) => `---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: ${name}, namespace: shop, labels: { tier: web }, annotations: { ${annotations} } }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: web, image: "web:v2", ports: ${ports} }] }
  strategy:
    ${strategy}
`;

const canary = "canary: { steps: [{ setWeight: 10 }, { pause: { duration: 5m } }] }";
const routed =
  "canary: { trafficRouting: { istio: { virtualService: { name: page } } }, steps: [{ setWeight: 10 }, { pause: {} }] }";
const blueGreen = "blueGreen: { activeService: page }";
const ringed = { annotations: "sluice.dev/rings: office" };

const found = (text: string) =>
  lintFiles([{ path: "shop.yaml", text }]).filter(({ rule }) => rule === "ignored-fresh-baseline");

const cases = [
  ["a switch", rollout("page", blueGreen), { found: "spec.strategy.blueGreen of Rollout page", expected: "a canary" }],
  ["rings", rollout("page", canary, ringed), { found: "sluice.dev/rings: office", expected: "a canary without rings" }],
  [
    "routed traffic to Pods without a port",
    rollout("page", routed, { ports: "[]" }),
    { found: "no ports in spec.template.spec.containers", expected: "the port that the container serves on" },
  ],
] as const;

test.each(cases)("a fresh baseline that does nothing for %s is told where the policy asks for it", (_, text, told) => {
  const [finding, ...others] = found(policy + text);

  expect(others).toEqual([]);
  expect(finding).toMatchObject({ path: "spec.freshBaseline", severity: "warning", line: 7, expected: told.expected });
  expect(finding?.found).toContain(told.found);
  expect(finding?.repair).toBeDefined();
});

test.each([
  ["a canary", policy + rollout("page", routed)],
  ["a canary without routes, which needs no Service", policy + rollout("page", canary, { ports: "[]" })],
  [
    "a Rollout that it doesn't select",
    (policy + rollout("page", blueGreen)).replace("tier: web } }\n  rules", "tier: api } }\n  rules"),
  ],
  ["a policy without one", policy.replace("freshBaseline: true", "freshBaseline: false") + rollout("page", blueGreen)],
])("nothing is told of %s", (_, text) => {
  expect(found(text)).toEqual([]);
});

test("it is removed by --fix where nobody has use for it, and left where another Rollout has", () => {
  const alone = found(policy + rollout("page", blueGreen));
  const beside = found(policy + rollout("page", blueGreen) + rollout("shop", routed));

  expect(alone.map(({ fix }) => fix !== undefined)).toEqual([true]);
  expect(beside.map(({ fix }) => fix !== undefined)).toEqual([false]);
  expect(beside[0]?.repair).toContain("in a policy of its own");
});
