import { controlledBy, type Experiment, type ReplicaSet, type RollbackPolicy, type Rollout } from "@sluice/api";
import type { PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { isCompleted } from "../../phases/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { isTaken, type NamesTaken } from "../adopted/names-taken.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { weightGoal } from "../canary/holdback.ts";
import { isRouted, replicasOf } from "../canary/steps.ts";
import { annotations, experimentKind, keyIn } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { ringSetName } from "../rings/routed-rings.ts";
import { conditionOf } from "../status/conditions.ts";
import { type View, wantedOf } from "../view.ts";
import { baselineRole, roleLabel } from "./baseline-services.ts";
import { mayBeJudged } from "./may-be-judged.ts";

/** Its condition on the Rollout. */
export const baselineConditionType = "FreshBaseline";
const templateName = "baseline";
/** A release doesn't wait longer for what it is only compared with. */
const patienceSeconds = 120;
/** Routes are told of the end first, and routers follow. */
const scaleDownDelaySeconds = 5;

/** New Pods of the stable version that the canary is compared with, since they are as young as its own. */
export type FreshBaseline =
  | { readonly is: "unwanted" }
  | { readonly is: "coming"; readonly experiment: Experiment | undefined; readonly name: string }
  | {
      readonly is: "there";
      readonly experiment: Experiment;
      readonly name: string;
      readonly hash: string;
      readonly service: string | undefined;
    }
  | { readonly is: "missing"; readonly because: string };

export function freshBaseline({ experiments, namesTaken }: ObservedRollout, view: View): FreshBaseline {
  const { rollout, policy, hash, revision, canary, status } = view;
  if (policy?.spec.freshBaseline !== true || refusedBaseline(rollout, policy) !== undefined) return { is: "unwanted" };
  if (!mayBeJudged(view) || canary === undefined || status.promoteFull === true) return { is: "unwanted" };
  // Who asks for no Pods gets none of the stable version either: nobody is there to compare.
  const isForNone = replicasOf(rollout) === 0;
  if (isForNone || (isRouted(rollout) ? weightGoal(view) === 0 : wantedOf(canary) === 0)) return { is: "unwanted" };
  if (isRouted(rollout) && !namesPort(view.stable)) {
    return { is: "missing", because: "none of its containers names a port, which a Service of theirs needs" };
  }
  const name = `${rollout.metadata.name}-${hash}-${revision}-${baselineRole}`;
  // Of an earlier try some may have ended; the last one counts.
  const tries = experiments.all.filter(
    ({ metadata }) => metadata.name === name || metadata.name.startsWith(`${name}.`),
  );
  const experiment = tries.find(({ spec, status: of }) => spec.terminate !== true && !isCompleted(of?.phase));
  if (experiment === undefined) {
    const failed = tries.find(({ spec }) => spec.terminate !== true);
    if (failed !== undefined) return { is: "missing", because: failed.status?.message ?? "its Experiment has ended" };
    return { is: "coming", experiment: undefined, name: freeName(name, tries, namesTaken) };
  }
  const version = experiment.status?.templateStatuses?.[0];
  if (experiment.status?.phase !== "Running" || version?.podTemplateHash === undefined) {
    return { is: "coming", experiment, name: experiment.metadata.name };
  }
  return {
    is: "there",
    experiment,
    name: experiment.metadata.name,
    hash: version.podTemplateHash,
    service: version.serviceName,
  };
}

const namesPort = (set: ReplicaSet | undefined): boolean =>
  (set?.spec.template?.spec.containers ?? []).some(({ ports = [] }) => ports.length > 0);

/** The name of an ended one isn't used again. */
function freeName(base: string, tries: readonly Experiment[], taken: NamesTaken): string {
  for (let attempt = 0; ; attempt++) {
    const name = attempt === 0 ? base : `${base}.${attempt}`;
    const isTried = tries.some(({ metadata }) => metadata.name === name);
    if (!isTried && !isTaken(taken, experimentKind, name)) return name;
  }
}

/** Why a policy's wish isn't honoured on this Rollout; undefined where it is, or isn't there. */
export function refusedBaseline(rollout: Rollout, policy: RollbackPolicy | undefined): string | undefined {
  if (policy?.spec.freshBaseline !== true) return undefined;
  const said = `RollbackPolicy ${policy.metadata.name}: spec.freshBaseline`;
  if (blueGreenOf(rollout) !== undefined) return `${said} is for canaries: after a switch nobody else gets traffic`;
  if (ringSetName(rollout) !== undefined)
    return `${said} doesn't go with rings: a ring's users get one of two versions`;
  return undefined;
}

/** What the condition FreshBaseline says; undefined where none is wanted. */
export function baselineCondition(
  observed: ObservedRollout,
  view: View,
): { readonly status: "True" | "False"; readonly reason: string; readonly message: string } | undefined {
  const refused = refusedBaseline(view.rollout, view.policy);
  if (refused !== undefined) return { status: "False", reason: "NotHonoured", message: refused };
  if (view.status.abort === true) return undefined;
  const baseline = freshBaseline(observed, view);
  switch (baseline.is) {
    case "unwanted":
      return undefined;
    case "coming":
      return { status: "False", reason: "Starting", message: "new Pods of the stable version start, to compare with" };
    case "there":
      return {
        status: "True",
        reason: "Comparing",
        message: `compares with new Pods of the stable version: Experiment ${baseline.experiment.metadata.name}`,
      };
    case "missing":
      return {
        status: "False",
        reason: "Missing",
        message: `compares with the stable version as it runs, since no new Pods of it came: ${baseline.because}`,
      };
  }
}

/** Told when it begins, is there, or is given up. */
export function baselineEvents(observed: ObservedRollout, view: View): readonly PlannedEvent[] {
  const next = baselineCondition(observed, view);
  const known = conditionOf(view.status.conditions, baselineConditionType);
  if (next === undefined || next.reason === known?.reason) return [];
  const isMissing = next.status === "False" && next.reason !== "Starting";
  return [{ type: isMissing ? "Warning" : "Normal", reason: `FreshBaseline${next.reason}`, message: next.message }];
}

export const experimentOf = (baseline: FreshBaseline): string | undefined =>
  baseline.is === "coming" || baseline.is === "there" ? baseline.name : undefined;

/** Starts it, and keeps it as large as what it gets of the traffic needs. */
export function planBaseline(baseline: FreshBaseline, view: View, weight: number | undefined): readonly Effect[] {
  const { stable } = view;
  if (stable === undefined || baseline.is === "unwanted" || baseline.is === "missing") return [];
  const replicas = baselinePods(view, weight);
  const known = baseline.experiment;
  if (known === undefined) {
    return baseline.is === "coming"
      ? [{ do: "create", object: newBaseline(view, stable, baseline.name, replicas) }]
      : [];
  }
  const [template] = known.spec.templates;
  if (template === undefined || template.replicas === replicas) return [];
  const value = { spec: { templates: [{ ...template, replicas }] } };
  const key = keyIn(experimentKind, known.metadata.namespace, known.metadata.name);
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}

/** Each of its Pods gets as much as each of the canary's, at the weight that is routed and at the one to come. */
function baselinePods(view: View, routed: number | undefined): number {
  const pods = wantedOf(view.canary);
  if (!isRouted(view.rollout)) return Math.max(1, pods);
  const needed = (weight: number): number =>
    weight === 0 ? 0 : Math.ceil((pods * Math.min(weight, 100 - weight)) / weight);
  return Math.max(1, needed(routed ?? 0), needed(weightGoal(view)));
}

function newBaseline(view: View, stable: ReplicaSet, name: string, replicas: number): Experiment {
  const { rollout, hash, revision } = view;
  const { namespace } = rollout.metadata;
  const { selector, template, minReadySeconds } = stable.spec;
  const { [podHashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  const { [podHashLabel]: __, ...matchLabels } = selector?.matchLabels ?? {};
  const deadline = Math.min(patienceSeconds, Math.ceil((rollout.spec.progressDeadlineSeconds ?? 600) / 2));
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Experiment",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { [podHashLabel]: hash, [roleLabel]: baselineRole },
      annotations: { [annotations.revision]: String(revision) },
      ownerReferences: [controlledBy(rollout)],
    },
    spec: {
      progressDeadlineSeconds: deadline,
      scaleDownDelaySeconds,
      templates: [
        {
          name: templateName,
          replicas,
          ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
          ...(isRouted(rollout) ? { service: {} } : {}),
          selector: { ...selector, matchLabels },
          template: {
            ...template,
            metadata: { ...template?.metadata, labels },
            spec: template?.spec ?? { containers: [] },
          },
        },
      ],
    },
  };
}
