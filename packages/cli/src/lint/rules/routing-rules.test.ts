import { expect, test } from "vitest";
import { lint } from "../shop.fixture.ts";

const rollout = (services: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1"}]}}
  strategy:
    canary:
      ${services}
      trafficRouting:
        istio:
          virtualService: {name: web}
          destinationRule: {name: web, canarySubsetName: canary, stableSubsetName: stable}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec: {host: web.default.svc.cluster.local, subsets: [{name: stable}, {name: canary}]}
`;

test.each([
  ["canaryService: web-canary\n      stableService: web", "stableService"],
  ["canaryService: web\n      stableService: web-stable", "canaryService"],
])("subsets of a Service that selects one version alone lead the other's users nowhere: %s", (services, role) => {
  const found = lint(rollout(services)).filter(({ rule }) => rule === "one-sided-host");

  expect(found.map(({ what }) => what)).toEqual([
    `its subsets are both versions, and web selects one: it is ${role} of Rollout web`,
  ]);
});

test("a third Service, or none of each version, is right", () => {
  const rules = [rollout("canaryService: a\n      stableService: b"), rollout("maxSurge: 1")]
    .flatMap((text) => lint(text))
    .map(({ rule }) => rule);

  expect(rules).not.toContain("one-sided-host");
});
