import type { Resource } from "@sluice/api";
import { minutes } from "@sluice/kernel";
import { type Fault, faults } from "./model/fault.ts";
import { defaultTraffic } from "./model/traffic.ts";
import { policiesOf } from "./policy/policy.ts";
import type { RehearseOptions } from "./report/options.ts";

const namespace = "shop";

export const canary = (strategy: object = {}): Resource =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace },
    spec: {
      replicas: 4,
      progressDeadlineSeconds: 120,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:v2" }] } },
      strategy: {
        canary: {
          steps: [
            { setWeight: 10 },
            { pause: { duration: "5m" } },
            { setWeight: 50 },
            { pause: { duration: "5m" } },
            { setWeight: 100 },
          ],
          analysis: {
            templates: [{ templateName: "errors" }],
            args: [{ name: "hash", valueFrom: { podTemplateHashValue: "Latest" } }],
          },
          trafficRouting: {
            istio: {
              virtualService: { name: "web", routes: ["primary"] },
              destinationRule: { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" },
            },
          },
          ...strategy,
        },
      },
    },
  }) as Resource;

/** Failures of at most 5 %; of the new version alone where `selector` says so. */
export const errors = (selector = 'pod_template_hash="{{args.hash}}"', metric = "http_requests_total"): Resource =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name: "errors", namespace },
    spec: {
      args: [{ name: "hash" }],
      metrics: [
        {
          name: "errors",
          interval: "1m",
          initialDelay: "1m",
          successCondition: "result[0] < 0.05",
          provider: {
            prometheus: {
              address: "http://prometheus:9090",
              query: `(sum(rate(${metric}{service="web",code=~"5..",${selector}}[2m])) or vector(0)) / sum(rate(${metric}{service="web",${selector}}[2m]))`,
            },
          },
        },
      ],
    },
  }) as Resource;

export const options: RehearseOptions = {
  traffic: defaultTraffic,
  seed: 1,
  runs: 2,
  goodRuns: 2,
  personMillis: minutes(10),
  noticeMillis: minutes(60),
};

export async function policyOf(...manifests: readonly Resource[]) {
  const [policy] = await policiesOf(manifests);
  if (policy === undefined) throw new Error("no policy");
  return policy;
}

export const named = (...names: readonly string[]): readonly Fault[] =>
  names.map((name) => {
    const found = faults.find((fault) => fault.name === name);
    if (found === undefined) throw new Error(`no fault ${name}`);
    return found;
  });
