import { canaryComparisonPlugin, type JobSpec, judgePlugin, type MetricProvider } from "@sluice/api";
import type { Measures, Story } from "../story/story.ts";
import { namespace } from "./release.ts";

/** A Job that runs once. */
export const onceOf = (image: string): JobSpec =>
  ({
    backoffLimit: 0,
    template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image }] } },
  }) as JobSpec;

/** Ends as queries are answered at the time. */
export const askedImage = (name: string): string => `${name}:v1-asked`;

const condition = { successCondition: "result[0] < 0.05" };
const providers: Readonly<Record<Measures, { readonly successCondition?: string; readonly provider: MetricProvider }>> =
  {
    prometheus: { ...condition, provider: { prometheus: { query: "errors" } } },
    web: { ...condition, provider: { web: { url: "http://errors.example", jsonPath: "{$.data}" } } },
    job: { provider: { job: { spec: onceOf(askedImage("measure")) } } },
    plugin: { ...condition, provider: { plugin: { "example.com/errors": {} } } },
    comparison: { provider: { plugin: { [canaryComparisonPlugin]: { metrics: [] } } } },
    judge: { provider: { plugin: { [judgePlugin]: { podTemplateHash: "{{args.hash}}" } } } },
  };

const template = (name: string, metric: object) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name, namespace },
  spec: { args: [{ name: "hash", value: "none" }], metrics: [{ name, ...metric }] },
});

/** What Rollouts and Experiments measure by. */
export const analysisTemplates = ({ measures }: Story) => [
  template("errors", providers[measures]),
  template("background", { ...providers.prometheus, interval: "10s" }),
];
