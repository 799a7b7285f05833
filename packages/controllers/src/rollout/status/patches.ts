import {
  notRevertible,
  notRevertibleAnnotation,
  type Patch,
  type ReplicaSet,
  type Resource,
  type Rollout,
  type Timestamp,
} from "@sluice/api";
import { blamePatch, heldByJudge, placeFields, statusPatch, unpausedPatches } from "@sluice/api/release";
import { Fault, type ResourceKey } from "@sluice/kernel";
import { progressOf } from "../canary/steps.ts";
import { undoneTemplate, undoneWord } from "../configuration/undone.ts";
import { lastingSince } from "../lasting/marks.ts";
import { annotations, keyIn } from "../names.ts";
import { templateIn, workloadKind } from "../pods/workload.ts";
import { hashOf, revisionOf } from "../view.ts";

/** One write through the API; without `subresource` to the resource itself. */
export interface RequestedPatch {
  readonly patch: Patch;
  readonly subresource?: "status";
  /** Another resource of the Rollout's namespace: what its workloadRef names. */
  readonly target?: ResourceKey;
}

const toSpec = (value: object): RequestedPatch => ({ patch: { type: "merge", value } });

export interface PromoteOptions {
  readonly full?: boolean;
  /** The step that it is at, or all that are left; then Pods, traffic and analyses beside the steps are still waited for. */
  readonly skip?: "current" | "all" | undefined;
}

/**
 * What `kubectl argo rollouts promote` writes: a pause ends, an analysis or experiment is skipped; `full` skips all that is left.
 * Source: argo-rollouts pkg/kubectl-argo-rollouts/cmd/promote. Faults: invalid where there is nothing to promote.
 */
export function promotePatch(rollout: Rollout, { full = false, skip }: PromoteOptions = {}): readonly RequestedPatch[] {
  const { status = {}, spec } = rollout;
  const isOnItsWay = (status.stableRS ?? "") !== status.currentPodHash;
  if (status.abort === true && !full) {
    throw new Fault("invalid", `rollout ${rollout.metadata.name} is aborted: retry it, or promote --full`);
  }
  if (full) {
    const { asked } = status.notRevertible ?? {};
    if (!isOnItsWay && asked !== undefined) {
      const question = `version ${asked.podTemplateHash} can't be undone (${asked.because}) and waits to be let in`;
      throw new Fault("invalid", `${question}: promote rollout ${rollout.metadata.name} without --full first`);
    }
    if (!isOnItsWay) throw new Fault("invalid", `rollout ${rollout.metadata.name} is fully promoted already`);
    return [statusPatch(rollout, ["currentPodHash", "stableRS"], { promoteFull: true }), ...unpausedPatches(rollout)];
  }
  const { index = 0, step, steps } = progressOf(rollout);
  const jump = (currentStepIndex: number) => [
    statusPatch(rollout, placeFields, { pauseConditions: "none", controllerPause: false, currentStepIndex }),
    ...unpausedPatches(rollout),
  ];
  if (skip !== undefined) {
    if (!isOnItsWay || index >= steps.length) {
      throw new Fault("invalid", `rollout ${rollout.metadata.name} has no step left to skip`);
    }
    return jump(skip === "current" ? index + 1 : steps.length);
  }
  const pauses = status.pauseConditions ?? [];
  const undecided: readonly string[] = ["InconclusiveAnalysisRun", "InconclusiveExperiment", "NoData"];
  const isUndecided = pauses.some(({ reason }) => undecided.includes(reason));
  const isMeasured = step?.analysis !== undefined || step?.experiment !== undefined;
  if (isUndecided && isMeasured) return jump(index + 1);
  if (pauses.length > 0)
    return [statusPatch(rollout, placeFields, { pauseConditions: "none" }), ...unpausedPatches(rollout)];
  if (spec.paused === true) return unpausedPatches(rollout);
  if (isOnItsWay && isMeasured) return [statusPatch(rollout, placeFields, { currentStepIndex: index + 1 })];
  const held = heldByJudge(rollout);
  if (held !== undefined) {
    const option = spec.strategy.blueGreen === undefined ? "--skip-current-step" : "--full";
    throw new Fault(
      "invalid",
      `rollout ${rollout.metadata.name} isn't paused, ${held}; promote ${option} goes on all the same`,
    );
  }
  throw new Fault("invalid", `rollout ${rollout.metadata.name} isn't paused: there is nothing to promote`);
}

/** Takes traffic back. With `bad` the version is blamed too: quarantined, and git put right. */
export function abortPatch(rollout: Rollout, { bad }: { readonly bad?: string } = {}): readonly RequestedPatch[] {
  const { status = {} } = rollout;
  if (bad === undefined && status.abort === true) return [];
  if ((status.stableRS ?? "") === status.currentPodHash) {
    throw new Fault("invalid", `rollout ${rollout.metadata.name} is fully promoted: undo it, or set another image`);
  }
  if (bad === undefined) return [statusPatch(rollout, ["currentPodHash", "stableRS"], { abort: true })];
  return [blamePatch(rollout, bad || "true")];
}

/** Begins an aborted release again. Faults: invalid where it isn't aborted, or quarantined: then it says how to lift it. */
export function retryPatch(rollout: Rollout): readonly RequestedPatch[] {
  if (rollout.status?.abort !== true) {
    throw new Fault("invalid", `rollout ${rollout.metadata.name} isn't aborted: there is nothing to retry`);
  }
  const quarantined = rollout.status.conditions?.find(({ type }) => type === "Quarantined");
  if (quarantined !== undefined) throw new Fault("forbidden", quarantined.message ?? "this version is quarantined");
  return [statusPatch(rollout, ["currentPodHash", "abort"], { abort: false })];
}

export const pausePatch = (_rollout: Rollout): readonly RequestedPatch[] => [toSpec({ spec: { paused: true } })];

/** Replaces every Pod that is older than `at`. */
export const restartPatch = (_rollout: Rollout, at: Timestamp): readonly RequestedPatch[] => [
  toSpec({ spec: { restartAt: at } }),
];

/**
 * `workload`: what workloadRef names, where it names something; then the template is there.
 * Faults: invalid where no container has this name; the message lists those there are.
 */
export function setImagePatch(
  rollout: Rollout,
  container: string,
  image: string,
  workload?: Resource,
): readonly RequestedPatch[] {
  const { at, target } = templatePlace(rollout);
  const template = target === undefined ? rollout.spec.template : workload && templateIn(workload);
  const { containers = [], initContainers = [] } = template?.spec ?? {};
  for (const [field, list] of [
    ["containers", containers],
    ["initContainers", initContainers],
  ] as const) {
    const index = list.findIndex(({ name }) => name === container);
    if (index === -1) continue;
    const path = `${at}/spec/${field}/${index}`;
    const operations = [
      { op: "test", path: `${path}/name`, value: container },
      { op: "add", path: `${path}/image`, value: image },
    ];
    return [{ patch: { type: "json", operations }, ...(target === undefined ? {} : { target }) }];
  }
  const known = [...containers, ...initContainers].map(({ name }) => name).join(", ");
  throw new Fault("invalid", `rollout ${rollout.metadata.name} has no container ${container}; it has ${known}`);
}

/** The template of an earlier revision; without one, of the revision before. Source: cmd/undo. */
export function undoPatch(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
  revision?: number,
  { isPastLasting = false }: { readonly isPastLasting?: boolean } = {},
): readonly RequestedPatch[] {
  if (rollout.metadata.deletionTimestamp !== undefined) {
    // What an earlier version reads may be gone already.
    throw new Fault("invalid", `rollout ${rollout.metadata.name} is being deleted: there is nothing to go back to`);
  }
  const known = replicaSets.filter((set) => revisionOf(set) > 0).toSorted((a, b) => revisionOf(b) - revisionOf(a));
  const wanted =
    revision === undefined || revision === 0 ? known[1] : known.find((set) => revisionOf(set) === revision);
  if (wanted === undefined) {
    const list = known.map(revisionOf).join(", ") || "none";
    const which = revision === undefined || revision === 0 ? "an earlier revision" : `revision ${revision}`;
    throw new Fault("invalid", `rollout ${rollout.metadata.name} has no ${which}; it has ${list}`);
  }
  const lasting = lastingSince(wanted, known);
  if (lasting !== undefined && !isPastLasting) {
    throw new Fault(
      "invalid",
      `revision ${revisionOf(lasting)} is marked ${notRevertibleAnnotation} (${notRevertible(lasting.spec.template ?? {})}): ` +
        "going back past it may harm data; to do so all the same: --past-not-revertible",
    );
  }
  const { at, target } = templatePlace(rollout);
  const operations = [{ op: "replace", path: at, value: undoneTemplate(wanted, rollout) }];
  const undone = undoneWord(wanted, rollout, known);
  const words = {
    ...(lasting === undefined ? {} : { [annotations.pastNotRevertible]: hashOf(wanted) }),
    ...(undone === null && rollout.metadata.annotations?.[annotations.undone] === undefined
      ? {}
      : { [annotations.undone]: undone }),
  };
  return [
    // First, so that the template never stands without them.
    ...(Object.keys(words).length === 0 ? [] : [toSpec({ metadata: { annotations: words } })]),
    { patch: { type: "json", operations }, ...(target === undefined ? {} : { target }) },
  ];
}

/** Where the template is written: in the Rollout, or in what its workloadRef names. */
function templatePlace({ metadata, spec }: Rollout): { readonly at: string; readonly target?: ResourceKey } {
  const { workloadRef } = spec;
  if (workloadRef === undefined) return { at: "/spec/template" };
  const target = keyIn(workloadKind(workloadRef), metadata.namespace, workloadRef.name ?? "");
  return { at: workloadRef.kind === "PodTemplate" ? "/template" : "/spec/template", target };
}
