import {
  type AnalysisRun,
  type Argument,
  controlledBy,
  type Experiment,
  type ExperimentAnalysis,
  type ExperimentAnalysisRunStatus,
} from "@sluice/api";
import { after, formatInstant, type PlannedEvent, parseInstant } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import {
  boundFields,
  flattenedTemplates,
  type MergedTemplates,
  mergeTemplates,
  type Resolved,
  resolved,
  unresolved,
} from "../arguments/index.ts";
import type { Effect } from "../loop/index.ts";
import { isCompleted } from "../phases/index.ts";
import { analysisRunKind, annotations, keyOfChild, versionHash } from "./names.ts";
import { type ObservedExperiment, refusalOf } from "./observe.ts";

export interface AnalysisPlan {
  /** Undefined until it begins. */
  readonly status: ExperimentAnalysisRunStatus | undefined;
  readonly actions: readonly Effect[];
  readonly events: readonly PlannedEvent[];
}

/** One analysis: begun once all Pods are available, ended with the experiment, else only looked at. */
export function planAnalysis(
  observed: ObservedExperiment,
  analysis: ExperimentAnalysis,
  { isEnding }: { readonly isEnding: boolean },
): AnalysisPlan {
  const { experiment } = observed;
  const before = experiment.status?.analysisRuns?.find(({ name }) => name === analysis.name);
  const slot = observed.analysisRuns.get(analysis.name);
  const idle = { status: before, actions: [], events: [] };
  if (slot === undefined || isCompleted(before?.phase)) return idle;
  if (slot.child !== undefined) {
    const { phase = "", message } = slot.child.status ?? {};
    const mustEnd = isEnding && !isCompleted(phase) && slot.child.spec.terminate !== true;
    const patch = { type: "merge", value: { spec: { terminate: true } } } as const;
    return changed(
      before,
      {
        name: analysis.name,
        analysisRun: slot.name,
        phase: phase === "" ? "Pending" : phase,
        ...(message === undefined ? {} : { message }),
      },
      mustEnd ? [{ do: "patch", key: keyOfChild(analysisRunKind, slot.child), patch }] : [],
    );
  }
  if (isEnding || experiment.status?.availableAt === undefined) return { ...idle, status: undefined };
  const merged = mergedAnalysis(observed, analysis);
  if (merged.is === "fault") {
    return changed(before, { name: analysis.name, analysisRun: "", phase: "Error", message: merged.message }, []);
  }
  const refusal = refusalOf(observed, "AnalysisRun", slot.name, `analysis '${analysis.name}'`);
  if (refusal !== undefined) {
    return changed(before, { name: analysis.name, analysisRun: "", phase: "Error", message: refusal }, []);
  }
  const object = newRun(experiment, analysis, slot.name, merged.value);
  return changed(before, { name: analysis.name, analysisRun: slot.name, phase: "Pending" }, [{ do: "create", object }]);
}

function changed(
  before: ExperimentAnalysisRunStatus | undefined,
  status: ExperimentAnalysisRunStatus,
  actions: readonly Effect[],
): AnalysisPlan {
  const { name, phase, message } = status;
  if (before?.phase === phase) return { status, actions, events: [] };
  const words = `AnalysisRun '${name}' transitioned from ${before?.phase ?? ""} -> ${phase}`;
  const event: PlannedEvent = {
    type: ["Failed", "Error", "Inconclusive"].includes(phase) ? "Warning" : "Normal",
    reason: `AnalysisRun${phase}`,
    message: message === undefined || message === "" ? words : `${words}: ${message}`,
  };
  return { status, actions, events: [event] };
}

function mergedAnalysis(
  { experiment, templates, replicaSets }: ObservedExperiment,
  analysis: ExperimentAnalysis,
): Resolved<MergedTemplates> {
  const specs = flattenedTemplates([analysis], templates);
  if (specs.is === "fault") return specs;
  const words = wordsOf(experiment, (template) => replicaSets.get(template)?.name ?? "");
  const args: Argument[] = [];
  for (const argument of analysis.args ?? []) {
    const value = argument.value === undefined ? resolved(undefined) : filled(argument.value, words);
    if (value.is === "fault") return value;
    args.push(value.value === undefined ? argument : { ...argument, value: value.value });
  }
  const merged = mergeTemplates(specs.value, args);
  if (merged.is === "fault") return merged;
  const bound = boundFields(merged.value.args, experiment);
  return bound.is === "fault" ? bound : resolved({ ...merged.value, args: bound.value });
}

/** What an argument may say of the experiment. Source: argo-rollouts utils/template/template.go ResolveExperimentArgsValue. */
function wordsOf(experiment: Experiment, replicaSetOf: (template: string) => string): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const version of experiment.spec.templates) {
    words.set(`templates.${version.name}.podTemplateHash`, versionHash(experiment, version));
    words.set(`templates.${version.name}.replicaset.name`, replicaSetOf(version.name));
  }
  const { availableAt } = experiment.status ?? {};
  const begin = parseInstant(availableAt ?? "");
  if (availableAt === undefined || begin === undefined) return words;
  words.set("experiment.availableAt", availableAt);
  const duration = parseGoDuration(experiment.spec.duration ?? "");
  if (duration.is === "parsed") words.set("experiment.finishedAt", formatInstant(after(begin, duration.value)));
  return words;
}

function filled(text: string, words: ReadonlyMap<string, string>): Resolved<string> {
  let fault: string | undefined;
  const value = text.replace(/\{\{([^{}]*)\}\}/g, (whole, inner: string) => {
    const found = words.get(inner.trim());
    if (found === undefined) fault ??= `failed to resolve ${whole}`;
    return found ?? whole;
  });
  return fault === undefined ? resolved(value) : unresolved(fault);
}

function newRun(
  experiment: Experiment,
  analysis: ExperimentAnalysis,
  name: string,
  { metrics, args, dryRun, measurementRetention }: MergedTemplates,
): AnalysisRun {
  const { namespace } = experiment.metadata;
  const { analysisRunMetadata, dryRun: ownDryRun = [], measurementRetention: ownRetention = [] } = experiment.spec;
  const dryRuns = [...dryRun, ...ownDryRun];
  const retention = [...measurementRetention, ...ownRetention];
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(analysisRunMetadata?.labels === undefined ? {} : { labels: analysisRunMetadata.labels }),
      annotations: {
        ...analysisRunMetadata?.annotations,
        [annotations.experiment]: experiment.metadata.name,
        [annotations.analysis]: analysis.name,
      },
      ownerReferences: [controlledBy(experiment)],
    },
    spec: {
      metrics,
      ...(args.length === 0 ? {} : { args }),
      ...(dryRuns.length === 0 ? {} : { dryRun: dryRuns }),
      ...(retention.length === 0 ? {} : { measurementRetention: retention }),
    },
  };
}
