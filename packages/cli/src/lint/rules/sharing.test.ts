import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lintFiles } from "../index.ts";

const template = "{metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: shop:v1}]}}";
const rollout = (
  name: string,
  strategy: string,
  more = `selector: {matchLabels: {app: shop}}, template: ${template}`,
) => `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: ${name}, namespace: shop}
spec: {strategy: ${strategy}, ${more}}
`;
const routed = (routing: string) => `{canary: {trafficRouting: {istio: ${routing}}}}`;
const rule = "destinationRule: {name: RULE, canarySubsetName: canary, stableSubsetName: stable}";

const found = (...texts: readonly string[]) =>
  lintFiles(texts.map((text, index) => ({ path: `${index}.yaml`, text }))).map(({ rule, path, what }) => ({
    rule,
    path,
    what,
  }));

test.each([
  [
    "a blue-green Service",
    "{blueGreen: {activeService: web}}",
    "{blueGreen: {activeService: web}}",
    "blueGreen.activeService",
  ],
  [
    "one's preview and the other's active",
    "{blueGreen: {activeService: web}}",
    "{blueGreen: {activeService: other, previewService: web}}",
    "blueGreen.previewService",
  ],
  [
    "a route",
    routed(`{virtualService: {name: web, routes: [a, b]}, ${rule.replace("RULE", "one")}}`),
    routed(`{virtualService: {name: web.shop, routes: [b]}, ${rule.replace("RULE", "two")}}`),
    "canary.trafficRouting.istio.virtualService.name",
  ],
  [
    "a DestinationRule",
    routed(`{virtualService: {name: one}, ${rule.replace("RULE", "web")}}`),
    routed(`{virtualService: {name: two}, ${rule.replace("RULE", "web")}}`),
    "canary.trafficRouting.istio.destinationRule.name",
  ],
])("two Rollouts on %s", (_what, one, two, path) => {
  expect(found(rollout("one", one), rollout("two", two))).toContainEqual({
    rule: "shared-claim",
    path: `spec.strategy.${path}`,
    what: expect.stringContaining("Rollout shop/one changes"),
  });
});

test("two Rollouts on routes of their own in one VirtualService share nothing", () => {
  const on = (route: string) =>
    routed(`{virtualService: {name: web, routes: [${route}]}, ${rule.replace("RULE", route)}}`);

  expect(
    found(rollout("one", on("a")), rollout("two", on("b"))).filter(({ rule: name }) => name === "shared-claim"),
  ).toEqual([]);
});

const deployment = (replicas: number) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec: {replicas: ${replicas}, selector: {matchLabels: {app: shop}}, template: ${template}}
`;
const referring = (more = "") =>
  rollout("web", "{canary: {}}", `workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop${more}}`);

test.each([
  ["nobody", [referring()], ["missing-reference"]],
  ["one that keeps its pods", [referring(), deployment(3)], ["both-run"]],
  ["one that hands over", [referring(", scaleDown: progressively"), deployment(3)], []],
  ["an empty one", [referring(), deployment(0)], []],
] as const)("a workloadRef that names %s", (_what, texts, rules) => {
  expect(found(...texts).map(({ rule: name }) => name)).toEqual(rules);
});

test.each([
  [
    "tlsRoutes: [{port: 443, sniHosts: [a.example.com]}]",
    "tls: [{match: [{port: 443, sniHosts: [a.example.com]}], route: []}]",
    0,
  ],
  [
    "tlsRoutes: [{sniHosts: [b.example.com]}]",
    "tls: [{match: [{port: 443, sniHosts: [a.example.com]}], route: []}]",
    1,
  ],
  ["tcpRoutes: [{port: 5432}]", "tcp: [{match: [{port: 5432}], route: []}]", 0],
  ["tcpRoutes: [{port: 5433}]", "tcp: [{match: [{port: 5432}], route: []}]", 1],
])("%s in a VirtualService with %s", (reference, routes, count) => {
  const service = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: [web], ${routes}}
`;
  const findings = found(rollout("one", routed(`{virtualService: {name: web, ${reference}}}`)), service);

  expect(
    findings.filter(({ rule: name, path = "" }) => name === "missing-route" && path.includes("Routes[0]")),
  ).toHaveLength(count);
});

const seed = new URL("../../../../../../shared/seed/", import.meta.url);
const listings = existsSync(seed)
  ? readdirSync(seed).filter((name) => /(rollouts|blue-green).*\.ya?ml$/.test(name))
  : [];

test.skipIf(listings.length === 0)(
  "each defect of the listings has a repair (skipped where ../shared is missing)",
  () => {
    for (const name of listings) {
      const findings = lintFiles([{ path: name, text: readFileSync(new URL(name, seed), "utf8") }]);

      expect(findings.length).toBeGreaterThan(0);
      for (const { what, repair } of findings) expect([what, repair !== undefined]).toEqual([what, true]);
    }
  },
);
