import {
  controlledBy,
  type Experiment,
  type ExperimentAnalysis,
  type ExperimentTemplate,
  type ReplicaSet,
  type RolloutExperimentStep,
} from "@sluice/api";
import { type Resolved, resolved, unresolved } from "../../arguments/index.ts";
import type { Effect } from "../../loop/index.ts";
import { isCompleted } from "../../phases/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { isTaken } from "../adopted/names-taken.ts";
import { passedArguments } from "../analysis/references.ts";
import { annotations, experimentKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { hashOf, type View } from "../view.ts";

interface NewExperiment {
  readonly name: string;
  readonly actions: readonly Effect[];
}

/**
 * The Experiment of this step. One that a crash left unnoticed is taken up; the name of an ended one isn't used again.
 * Source: argo-rollouts rollout/experiment.go GetExperimentFromTemplate.
 */
export function newExperiment(
  observed: ObservedRollout,
  view: View,
  step: RolloutExperimentStep,
): Resolved<NewExperiment> {
  const { rollout, hash, revision, progress } = view;
  const base = `${rollout.metadata.name}-${hash}-${revision}-${progress.index}`;
  let name = base;
  for (let attempt = 1; ; attempt++) {
    const known = observed.experiments.all.find(({ metadata }) => metadata.name === name);
    if (known === undefined && !isTaken(observed.namesTaken, experimentKind, name)) break;
    const isOpen = known !== undefined && !isCompleted(known.status?.phase) && known.spec.terminate !== true;
    if (isOpen) return resolved({ name, actions: [] });
    name = `${base}.${attempt}`;
  }
  const made = experimentOf(view, step, name);
  return made.is === "fault" ? made : resolved({ name, actions: [{ do: "create", object: made.value }] });
}

function experimentOf(view: View, step: RolloutExperimentStep, name: string): Resolved<Experiment> {
  const { rollout, hash, revision, canary, stable } = view;
  const templates: ExperimentTemplate[] = [];
  for (const version of step.templates) {
    const set = version.specRef === "canary" ? canary : stable;
    if (set === undefined) return unresolved(`there is no ${version.specRef} version yet`);
    templates.push(templateOf(version, set));
  }
  const analyses: ExperimentAnalysis[] = [];
  for (const analysis of step.analyses ?? []) {
    const args = passedArguments(analysis, rollout, stable === undefined ? "" : hashOf(stable), hash);
    if (args.is === "fault") return args;
    analyses.push({ ...analysis, args: args.value });
  }
  const { namespace } = rollout.metadata;
  const { progressDeadlineSeconds } = rollout.spec;
  const { duration, dryRun, analysisRunMetadata } = step;
  const scaleDownDelaySeconds = scaleDownDelay(step);
  return resolved({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Experiment",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { [podHashLabel]: hash },
      annotations: { [annotations.revision]: String(revision) },
      ownerReferences: [controlledBy(rollout)],
    },
    spec: {
      templates,
      ...(analyses.length === 0 ? {} : { analyses }),
      ...(duration === undefined ? {} : { duration }),
      ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
      ...(scaleDownDelaySeconds === undefined ? {} : { scaleDownDelaySeconds }),
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(analysisRunMetadata === undefined ? {} : { analysisRunMetadata }),
    },
  });
}

/** Routes are told of the end first, and routers follow: until then requests still come to what has a weight. */
const leastDelaySeconds = 5;

function scaleDownDelay({ templates, scaleDownDelaySeconds }: RolloutExperimentStep): number | undefined {
  if (scaleDownDelaySeconds === undefined || !templates.some(({ weight }) => weight !== undefined)) {
    return scaleDownDelaySeconds;
  }
  return Math.max(scaleDownDelaySeconds, leastDelaySeconds);
}

function templateOf(version: RolloutExperimentStep["templates"][number], set: ReplicaSet): ExperimentTemplate {
  const { template, selector, minReadySeconds } = set.spec;
  const { labels, annotations: notes } = version.metadata ?? {};
  const podAnnotations = { ...template?.metadata?.annotations, ...notes };
  // What gets a weight needs a Service to send it to.
  const service = version.service ?? (version.weight === undefined ? undefined : {});
  return {
    name: version.name,
    ...(version.replicas === undefined ? {} : { replicas: version.replicas }),
    ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    ...(service === undefined ? {} : { service }),
    selector: version.selector ?? selector,
    template: {
      ...template,
      metadata: {
        ...template?.metadata,
        labels: { ...template?.metadata?.labels, ...labels },
        ...(Object.keys(podAnnotations).length === 0 ? {} : { annotations: podAnnotations }),
      },
      spec: template?.spec ?? { containers: [] },
    },
  };
}
