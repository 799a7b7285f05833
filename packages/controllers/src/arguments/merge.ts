import type { AnalysisTemplateSpec, Argument, DryRun, MeasurementRetention, Metric } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { fieldAt } from "./field-path.ts";
import { type Resolved, resolved, unresolved } from "./template.ts";

/** What a run is made of, out of all the templates that it names. */
export interface MergedTemplates {
  readonly metrics: readonly Metric[];
  readonly args: readonly Argument[];
  readonly dryRun: readonly DryRun[];
  readonly measurementRetention: readonly MeasurementRetention[];
}

/**
 * Flattens templates into one run. Metric names must differ, and so must what their rules name; defaults of one
 * argument must agree, what the caller passes wins over defaults, and every argument must end with a value.
 * Source: argo-rollouts utils/analysis/helpers.go (NewAnalysisRunFromTemplates, MergeArgs).
 */
export function mergeTemplates(
  templates: readonly AnalysisTemplateSpec[],
  passed: readonly Argument[],
): Resolved<MergedTemplates> {
  const metrics: Metric[] = [];
  const byName = new Map<string, Argument>();
  for (const template of templates) {
    for (const metric of template.metrics ?? []) {
      if (metrics.some(({ name }) => name === metric.name)) {
        return unresolved(`two metrics have the same name '${metric.name}'`);
      }
      metrics.push(metric);
    }
    for (const argument of template.args ?? []) {
      const known = byName.get(argument.name);
      if (known === undefined || hasNoSource(known)) byName.set(argument.name, argument);
      else if (!hasNoSource(argument) && !sameJson(known, argument)) {
        return unresolved(`Argument \`${argument.name}\` specified multiple times with different values`);
      }
    }
  }
  for (const argument of passed) {
    const known = byName.get(argument.name);
    // The original drops what no template asks for.
    if (known !== undefined && !hasNoSource(argument)) byName.set(argument.name, argument);
  }
  const args = [...byName.values()];
  const missing = args.find(hasNoSource);
  if (missing !== undefined) return unresolved(`args.${missing.name} was not resolved`);
  const dryRun = templates.flatMap((template) => template.dryRun ?? []);
  const measurementRetention = templates.flatMap((template) => template.measurementRetention ?? []);
  const doubled = doubledRule("Dry-Run", dryRun) ?? doubledRule("Measurement Retention", measurementRetention);
  return doubled ?? resolved({ metrics, args, dryRun, measurementRetention });
}

/** Of two rules for one name nobody knows which was meant. What the caller adds of its own isn't compared. */
function doubledRule(title: string, rules: readonly { readonly metricName: string }[]): Resolved<never> | undefined {
  const names = rules.map(({ metricName }) => metricName);
  const doubled = names.find((name, index) => names.indexOf(name) < index);
  if (doubled === undefined) return undefined;
  return unresolved(`two ${title} metric rules have the same name '${doubled}': keep one of them`);
}

const hasNoSource = ({ value, valueFrom }: Argument): boolean =>
  value === undefined && valueFrom?.secretKeyRef === undefined && valueFrom?.fieldRef === undefined;

/** What reads a field of `owner`, the Rollout or Experiment that asks, gets its value. Secrets stay references. */
export function boundFields(args: readonly Argument[], owner: unknown): Resolved<readonly Argument[]> {
  const bound: Argument[] = [];
  for (const argument of args) {
    const path = argument.value === undefined ? argument.valueFrom?.fieldRef?.fieldPath : undefined;
    if (path === undefined) {
      bound.push(argument);
      continue;
    }
    const field = fieldAt(owner, path);
    if (field.is === "fault") return field;
    bound.push({ name: argument.name, value: field.value });
  }
  return resolved(bound);
}
