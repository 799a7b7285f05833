import type { Violation } from "@sluice/kernel";
import { patternOf } from "../../schema/pattern.ts";
import { show } from "../../schema/show.ts";
import type { Job } from "../batch/job.ts";
import { checkJob } from "../batch/job-rules.ts";
import type { IntOrString } from "../quantities.ts";
import { doubled, doubles, exactlyOne, invalid, missing } from "../rules.ts";
import {
  type AnalysisTemplateSpec,
  type Argument,
  canaryComparisonPlugin,
  type DryRun,
  type JudgeMetric,
  judgePlugin,
  type MeasurementRetention,
  type Metric,
} from "./analysis.ts";
import { checkCanaryComparison } from "./canary-comparison-rules.ts";

const providers = [
  "prometheus",
  "web",
  "kayenta",
  "datadog",
  "wavefront",
  "newRelic",
  "job",
  "cloudWatch",
  "graphite",
  "influxdb",
  "skywalking",
  "plugin",
] as const;

/** Rules of argo-rollouts' utils/analysis ValidateMetrics and pkg/apis/rollouts/validation. */
export function checkAnalysisSpec(spec: AnalysisTemplateSpec): readonly Violation[] {
  const metrics = spec.metrics ?? [];
  return [
    ...(metrics.length === 0 && (spec.templates ?? []).length === 0
      ? [missing("spec.metrics", "at least one metric")]
      : []),
    ...doubles(metrics.map(({ name }) => name)).map(({ index, name }) =>
      doubled(`spec.metrics[${index}].name`, name, "the template's metrics"),
    ),
    ...metrics.flatMap((metric, index) => checkMetric(metric, `spec.metrics[${index}]`)),
    ...checkArguments(spec.args ?? [], "spec.args"),
    ...checkMatchers(spec.dryRun, "spec.dryRun"),
    ...checkMatchers(spec.measurementRetention, "spec.measurementRetention"),
    ...(spec.measurementRetention ?? []).flatMap(({ limit }, index) =>
      limit < 0
        ? [invalid({ path: `spec.measurementRetention[${index}].limit`, found: String(limit), expected: "0 or more" })]
        : [],
    ),
    ...(spec.templates ?? []).flatMap(({ templateName }, index) =>
      templateName ? [] : [missing(`spec.templates[${index}].templateName`, "the name of a template")],
    ),
  ];
}

/** A template by itself: a run may hold a rule of a template and one of who asks for the same name. */
export function checkAnalysisTemplateSpec(spec: AnalysisTemplateSpec): readonly Violation[] {
  const rules = ["dryRun", "measurementRetention"] as const;
  return [
    ...checkAnalysisSpec(spec),
    ...rules.flatMap((field) =>
      doubles((spec[field] ?? []).map(({ metricName }) => metricName)).map(({ index, name }) =>
        doubled(`spec.${field}[${index}].metricName`, name, "rules of one template, and of all that are used with it"),
      ),
    ),
  ];
}

function checkArguments(args: readonly Argument[], path: string): readonly Violation[] {
  return [
    ...doubles(args.map(({ name }) => name)).map(({ index, name }) =>
      doubled(`${path}[${index}].name`, name, "arguments"),
    ),
    ...args.flatMap(({ value, valueFrom }, index) => {
      if (valueFrom === undefined) return [];
      return value === undefined
        ? exactlyOne(`${path}[${index}].valueFrom`, valueFrom, ["secretKeyRef", "fieldRef"], "source of the value")
        : [invalid({ path: `${path}[${index}]`, found: "value and valueFrom", expected: "one of them" })];
    }),
  ];
}

export function checkMatchers(
  matchers: readonly (DryRun | MeasurementRetention)[] | undefined,
  path: string,
): readonly Violation[] {
  return (matchers ?? []).flatMap(({ metricName }, index) =>
    patternOf(metricName) === undefined
      ? [
          invalid({
            path: `${path}[${index}].metricName`,
            found: show(metricName),
            expected: "a regular expression (RE2)",
          }),
        ]
      : [],
  );
}

/** Undefined where it is absent or comes from an argument; NaN where it is no integer. */
function numberOf(value: IntOrString | undefined): number | undefined {
  if (value === undefined || typeof value === "number") return value;
  if (value.includes("{{")) return undefined;
  return /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
}

function checkMetric(metric: Metric, path: string): readonly Violation[] {
  const violations: Violation[] = [
    ...exactlyOne(`${path}.provider`, metric.provider, providers, "provider").map((violation) =>
      violation.found === "no provider" ? { ...violation, repair: "use prometheus, web, job or plugin" } : violation,
    ),
  ];
  const amounts = {
    count: numberOf(metric.count),
    failureLimit: numberOf(metric.failureLimit),
    inconclusiveLimit: numberOf(metric.inconclusiveLimit),
    consecutiveErrorLimit: numberOf(metric.consecutiveErrorLimit),
    consecutiveSuccessLimit: numberOf(metric.consecutiveSuccessLimit),
  };
  for (const [name, amount] of Object.entries(amounts)) {
    // -1 switches a failure limit off; no other one.
    const least = name === "failureLimit" ? -1 : 0;
    if (amount === undefined || amount >= least) continue;
    violations.push(
      invalid({
        path: `${path}.${name}`,
        found: show(metric[name as keyof typeof amounts]),
        expected: least === -1 ? "0 or more, or -1 for no limit" : "0 or more",
      }),
    );
  }
  for (const field of ["interval", "initialDelay"] as const) {
    if (metric[field]?.startsWith("-") !== true) continue;
    violations.push(
      invalid({ path: `${path}.${field}`, found: show(metric[field]), expected: "a duration, not negative" }),
    );
  }
  const { count, failureLimit, inconclusiveLimit, consecutiveSuccessLimit } = amounts;
  if (count !== undefined && count > 1 && metric.interval === undefined) {
    violations.push(
      missing(
        `${path}.interval`,
        "a time between measurements, since count is more than 1",
        'for example interval: "1m"',
      ),
    );
  }
  const least = Math.max(failureLimit ?? 0, 0) + (consecutiveSuccessLimit ?? 0);
  if (count !== undefined && count > 0 && count < least) {
    violations.push(
      invalid({
        path: `${path}.count`,
        found: String(count),
        expected: `at least ${least}${consecutiveSuccessLimit === undefined ? ", which is failureLimit" : ": failureLimit and consecutiveSuccessLimit together"}`,
      }),
    );
  }
  if (count !== undefined && count > 0 && inconclusiveLimit !== undefined && count < inconclusiveLimit) {
    violations.push(
      invalid({
        path: `${path}.count`,
        found: String(count),
        expected: `at least inconclusiveLimit, ${inconclusiveLimit}`,
      }),
    );
  }
  const { prometheus, web, job, plugin } = metric.provider;
  if (job !== undefined) {
    const found = checkJob({ apiVersion: "batch/v1", kind: "Job", metadata: {}, spec: job.spec } as Job);
    violations.push(...found.map((violation) => ({ ...violation, path: `${path}.provider.job.${violation.path}` })));
  }
  if (plugin !== undefined) violations.push(...checkPlugin(plugin, `${path}.provider.plugin`));
  if (prometheus !== undefined) {
    if (!prometheus.query) violations.push(missing(`${path}.provider.prometheus.query`, "a PromQL query"));
    if (prometheus.address !== undefined) {
      violations.push(...checkAddress(prometheus.address, `${path}.provider.prometheus.address`));
    }
  }
  if (web !== undefined) {
    violations.push(...checkAddress(web.url, `${path}.provider.web.url`));
    if (web.body !== undefined && web.jsonBody !== undefined) {
      violations.push(invalid({ path: `${path}.provider.web`, found: "body and jsonBody", expected: "one of them" }));
    }
    if ((web.body !== undefined || web.jsonBody !== undefined) && (web.method ?? "GET") === "GET") {
      violations.push(
        invalid({ path: `${path}.provider.web.method`, found: '"GET" with a body', expected: "POST or PUT" }),
      );
    }
  }
  return violations;
}

function checkPlugin(plugin: Readonly<Record<string, unknown>>, path: string): readonly Violation[] {
  const names = Object.keys(plugin);
  if (names.length !== 1) {
    const found = names.length === 0 ? "no plugin" : names.join(" and ");
    return [invalid({ path, found, expected: "the name of one plugin, with its configuration" })];
  }
  if (names[0] === judgePlugin) return checkJudge(plugin[judgePlugin], `${path}["${judgePlugin}"]`);
  if (names[0] !== canaryComparisonPlugin) return [];
  return checkCanaryComparison(plugin[canaryComparisonPlugin], `${path}["${canaryComparisonPlugin}"]`);
}

function checkJudge(config: unknown, path: string): readonly Violation[] {
  const { podTemplateHash, ...others } = (
    typeof config === "object" && config !== null ? config : {}
  ) as Partial<JudgeMetric>;
  const unknown = Object.keys(others).map((field) =>
    invalid({ path: `${path}.${field}`, found: field, expected: "podTemplateHash alone" }),
  );
  if (typeof podTemplateHash === "string" && podTemplateHash !== "") return unknown;
  return [...unknown, missing(`${path}.podTemplateHash`, "the version's hash, such as {{args.canary-hash}}")];
}

const checkAddress = (address: string, path: string): readonly Violation[] =>
  /^https?:\/\/[^\s/]+/.test(address) || address.includes("{{")
    ? []
    : [invalid({ path, found: show(address), expected: "an http or https address" })];
