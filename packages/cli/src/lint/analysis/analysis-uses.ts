import type {
  AnalysisTemplate,
  CanaryStrategy,
  Metric,
  Rollout,
  RolloutAnalysis,
  RolloutAnalysisTemplateReference,
} from "@sluice/api";
import { parseGoDuration } from "@sluice/languages";
import type { Manifest } from "../manifests/manifest.ts";
import type { World } from "../manifests/world.ts";
import { type TrafficTimeline, trafficTimeline } from "./traffic-timeline.ts";

/** One place of a Rollout that names an analysis. */
export interface AnalysisUse {
  readonly rollout: Manifest;
  readonly canary: CanaryStrategy;
  /** Path of the analysis in the Rollout. */
  readonly path: string;
  readonly analysis: RolloutAnalysis;
  /** When it begins, in milliseconds since the release began. */
  readonly begins: number;
  readonly timeline: TrafficTimeline;
}

export function analysisUses(world: World): readonly AnalysisUse[] {
  return world.of("Rollout").flatMap((manifest) => {
    const canary = canaryOf(manifest);
    if (canary === undefined) return [];
    const steps = Array.isArray(canary.steps)
      ? canary.steps.filter((step) => typeof step === "object" && step !== null)
      : [];
    const namespace = manifest.resource.metadata.namespace;
    const timeline = trafficTimeline(steps, ({ analysis }) =>
      Math.max(0, ...templatesOf(world, analysis, namespace).flatMap(({ metrics }) => metrics.map(durationOf))),
    );
    const common = { rollout: manifest, canary, timeline };
    const background = canary.analysis;
    const uses: AnalysisUse[] = [];
    if (typeof background === "object" && background !== null) {
      const begins = timeline.startOf(typeof background.startingStep === "number" ? background.startingStep : 0);
      uses.push({ ...common, path: "spec.strategy.canary.analysis", analysis: background, begins });
    }
    for (const [index, { analysis }] of steps.entries()) {
      if (typeof analysis !== "object" || analysis === null) continue;
      uses.push({
        ...common,
        path: `spec.strategy.canary.steps[${index}].analysis`,
        analysis,
        begins: timeline.startOf(index),
      });
    }
    return uses;
  });
}

export function canaryOf({ resource }: Manifest): CanaryStrategy | undefined {
  const canary = (resource as Rollout).spec?.strategy?.canary;
  return typeof canary === "object" && canary !== null ? canary : undefined;
}

export const referencesOf = (analysis: RolloutAnalysis | undefined): readonly RolloutAnalysisTemplateReference[] =>
  Array.isArray(analysis?.templates)
    ? analysis.templates.filter(
        (reference) =>
          typeof reference === "object" && reference !== null && typeof reference.templateName === "string",
      )
    : [];

export interface FoundTemplate {
  readonly manifest: Manifest;
  readonly template: AnalysisTemplate;
  readonly metrics: readonly Metric[];
}

export function findTemplate(
  world: World,
  { templateName, clusterScope }: RolloutAnalysisTemplateReference,
  namespace: string | undefined,
): FoundTemplate | undefined {
  const manifest =
    clusterScope === true
      ? world.find("ClusterAnalysisTemplate", templateName, undefined)
      : world.find("AnalysisTemplate", templateName, namespace);
  if (manifest === undefined) return undefined;
  return { manifest, template: manifest.resource as AnalysisTemplate, metrics: metricsOf(manifest) };
}

/** The metrics that have the shape of one. */
export function metricsOf({ resource }: Manifest): readonly Metric[] {
  const metrics = (resource as AnalysisTemplate).spec?.metrics;
  if (!Array.isArray(metrics)) return [];
  return metrics.filter(
    (metric) =>
      typeof metric === "object" && metric !== null && typeof metric.provider === "object" && metric.provider !== null,
  );
}

const templatesOf = (
  world: World,
  analysis: RolloutAnalysis | undefined,
  namespace: string | undefined,
): readonly FoundTemplate[] =>
  referencesOf(analysis).flatMap((reference) => findTemplate(world, reference, namespace) ?? []);

/** When a metric is measured, in milliseconds since its analysis began; the first one only where there is no end. */
export function measurementTimes(metric: Metric): readonly number[] {
  const interval = millisOf(metric.interval);
  const delay = millisOf(metric.initialDelay) ?? 0;
  const count = Number(metric.count ?? 1);
  if (interval === undefined || !Number.isInteger(count) || count < 1) return [delay];
  return Array.from({ length: Math.min(count, 10_000) }, (_, index) => delay + index * interval);
}

const durationOf = (metric: Metric): number => measurementTimes(metric).at(-1) ?? 0;

function millisOf(duration: unknown): number | undefined {
  if (typeof duration !== "string") return undefined;
  const outcome = parseGoDuration(duration);
  return outcome.is === "parsed" ? outcome.value : undefined;
}
