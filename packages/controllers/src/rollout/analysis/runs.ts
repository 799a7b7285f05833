import { type AnalysisRun, controlledBy, type RolloutAnalysis, type RolloutAnalysisRunStatus } from "@sluice/api";
import { after, type Instant, millis, parseInstant, seconds } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { isTaken } from "../adopted/names-taken.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { isWithinRollbackWindow } from "../canary/rollback-window.ts";
import { canaryOf, isRouted, weightAt } from "../canary/steps.ts";
import { analysisRunKind, annotations, gates, keyIn } from "../names.ts";
import { minimumQuestion, type ObservedRollout, trafficTaskId } from "../observe.ts";
import { sidesOf } from "../routing/sides.ts";
import { freshSince } from "../verdict/crashes.ts";
import { hashOf, type View } from "../view.ts";
import { mergedAnalysis } from "./references.ts";

/** Of the canary strategy, and of blue-green before and after the switch. */
export type AnalysisSlot = "step" | "background" | "pre" | "post";

const isOver = ({ status }: AnalysisRun): boolean =>
  ["Successful", "Failed", "Error", "Inconclusive"].includes(status?.phase ?? "");

export const slotStatus = (view: View, slot: AnalysisSlot): RolloutAnalysisRunStatus | undefined =>
  ({
    step: view.status.canary?.currentStepAnalysisRunStatus,
    background: view.status.canary?.currentBackgroundAnalysisRunStatus,
    pre: view.status.blueGreen?.prePromotionAnalysisRunStatus,
    post: view.status.blueGreen?.postPromotionAnalysisRunStatus,
  })[slot];

export function runOf(observed: ObservedRollout, view: View, slot: AnalysisSlot): AnalysisRun | undefined {
  const known = slotStatus(view, slot);
  return known === undefined ? undefined : observed.analysisRuns.find(({ metadata }) => metadata.name === known.name);
}

/** The analysis that a slot of the canary strategy asks for now; undefined where it asks for none. */
export function wantedAnalysis(
  observed: ObservedRollout,
  view: View,
  slot: "step" | "background",
): RolloutAnalysis | undefined {
  const { progress } = view;
  if (view.isFirst || view.isFullyPromoted || view.status.promoteFull === true) return undefined;
  if (slot === "step") return progress.step?.analysis;
  const { analysis } = canaryOf(view.rollout);
  if (isWithinRollbackWindow(view, observed.replicaSets)) return undefined;
  const isBefore = analysis?.startingStep !== undefined && (progress.index ?? 0) < analysis.startingStep;
  return isBefore ? undefined : analysis;
}

export const runTypes = { step: "Step", background: "Background", pre: "PrePromotion", post: "PostPromotion" } as const;

export interface NewRun {
  readonly run: RolloutAnalysisRunStatus;
  readonly actions: readonly Effect[];
}

/** A run for a slot. One that a crash left unnoticed is taken up; the name of an ended one is not used again. */
export function newRun(
  observed: ObservedRollout,
  view: View,
  slot: AnalysisSlot,
  analysis: RolloutAnalysis,
): NewRun | undefined {
  const { rollout, hash, revision, stable, progress } = view;
  const merged = mergedAnalysis(analysis, observed, stable === undefined ? "" : hashOf(stable), hash);
  if (merged.is === "fault") return undefined;
  const { namespace, name } = rollout.metadata;
  const base = `${name}-${hash}-${revision}${{ step: `-${progress.index}`, background: "", pre: "-pre", post: "-post" }[slot]}`;
  let runName = base;
  for (let attempt = 1; ; attempt++) {
    const known = observed.analysisRuns.find(({ metadata }) => metadata.name === runName);
    const isOld =
      known !== undefined && (isOver(known) || known.spec.terminate || slotStatus(view, slot)?.name === runName);
    if (known !== undefined && !isOld)
      return { run: { name: runName, status: known.status?.phase ?? "" }, actions: [] };
    if (known === undefined && !isTaken(observed.namesTaken, analysisRunKind, runName)) break;
    runName = `${base}.${attempt}`;
  }
  const { metrics, args, dryRun, measurementRetention } = merged.value;
  const object: AnalysisRun = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: {
      name: runName,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...analysis.analysisRunMetadata?.labels,
        [podHashLabel]: hash,
        "rollout-type": runTypes[slot],
        ...(slot === "step" ? { "step-index": String(progress.index) } : {}),
      },
      annotations: { ...analysis.analysisRunMetadata?.annotations, [annotations.revision]: String(revision) },
      ownerReferences: [controlledBy(rollout)],
    },
    spec: {
      metrics,
      ...(args.length === 0 ? {} : { args }),
      ...(dryRun.length === 0 ? {} : { dryRun }),
      ...(measurementRetention.length === 0 ? {} : { measurementRetention }),
    },
  };
  return { run: { name: runName, status: "" }, actions: [{ do: "create", object }] };
}

/** The status of a slot, with the run's phase as it is now. */
export function seen(known: RolloutAnalysisRunStatus, run: AnalysisRun | undefined): RolloutAnalysisRunStatus {
  if (run?.status === undefined) return known;
  const { phase, message } = run.status;
  return { name: known.name, status: phase, ...(message === undefined ? {} : { message }) };
}

/** Ends runs that no slot holds, and deletes old ended ones beyond the history limits. */
export function planOldRuns(observed: ObservedRollout, current: readonly string[]): readonly Effect[] {
  const { analysis } = observed.rollout.spec;
  const others = observed.analysisRuns.filter(({ metadata }) => !current.includes(metadata.name));
  const terminated = others.filter((run) => !isOver(run) && run.spec.terminate !== true).map(terminate);
  const ended = others.filter(isOver).toSorted((a, b) => createdAt(b) - createdAt(a));
  const good = ended.filter(({ status }) => status?.phase === "Successful");
  const bad = ended.filter(({ status }) => status?.phase !== "Successful");
  const surplus = [
    ...good.slice(analysis?.successfulRunHistoryLimit ?? 5),
    ...bad.slice(analysis?.unsuccessfulRunHistoryLimit ?? 5),
  ];
  return [...terminated, ...surplus.map((run): Effect => ({ do: "delete", key: keyOfRun(run) }))];
}

const keyOfRun = ({ metadata }: AnalysisRun) => keyIn(analysisRunKind, metadata.namespace, metadata.name);
const createdAt = ({ metadata }: AnalysisRun): number => parseInstant(metadata.creationTimestamp ?? "") ?? 0;

const terminate = (run: AnalysisRun): Effect => ({
  do: "patch",
  key: keyOfRun(run),
  patch: { type: "merge", value: { spec: { terminate: true } } },
});

export interface TrafficAsking {
  readonly actions: readonly Effect[];
  readonly wakeAt: Instant | undefined;
}

/** Without an answer, or with the answer "none", it is asked again: one request seen is enough for ever. */
const askAgain = seconds(1);
/** A run that has just ended waits for nothing but this: the answer of before its end may be an old one. */
const askAtTheEnd = millis(50);
const endLasts = seconds(3);

/** Whether the version that a slot looks at should have got requests: then it is asked whether it did. */
export function expectsTraffic(view: View, slot: AnalysisSlot): boolean {
  const { rollout, progress } = view;
  if (rollout.metadata.annotations?.[gates.noData] === "off") return false;
  switch (slot) {
    // Before the switch nobody but testers comes.
    case "pre":
      return false;
    case "post":
      return true;
    // Only where a router of ours carries weights; a test before the first weight has no canary traffic by design.
    default:
      return isRouted(rollout) && weightAt(progress) > 0;
  }
}

/** Without a run: whether it had enough for one. Undefined where nobody counts. */
export function planTrafficQuestion(
  observed: ObservedRollout,
  view: View,
  slot: AnalysisSlot,
  run: AnalysisRun | undefined,
  now: Instant,
): TrafficAsking | undefined {
  const { rollout, hash, canary } = view;
  const services = servicesOf(observed, view);
  if (services.length === 0) return undefined;
  // Requests of before the switch are no proof of what came after it.
  const since = slot === "post" && run !== undefined ? run : canary;
  const bornAt = freshSince(view, parseInstant(since?.metadata.creationTimestamp ?? "") ?? now);
  const question = run?.metadata.name ?? minimumQuestion(hash);
  const enough = run === undefined ? observed.evidence.minimumRequests : 1;
  const id = trafficTaskId(rollout, question);
  const start: Effect = {
    do: "startTask",
    id,
    work: {
      do: "canaryTraffic",
      namespace: rollout.metadata.namespace,
      services,
      podTemplateHash: hash,
      sinceSeconds: Math.max(1, Math.ceil((now - bornAt) / 1000) + 1),
    },
  };
  const state = observed.traffic.get(question)?.state ?? { is: "absent" };
  switch (state.is) {
    case "absent":
      return { actions: [start], wakeAt: undefined };
    case "done": {
      if (state.result.requests >= enough) return { actions: [], wakeAt: undefined };
      const endedAt = run !== undefined && isOver(run) ? parseInstant(run.status?.completedAt ?? "") : undefined;
      const hasJustEnded = endedAt !== undefined && now < after(endedAt, endLasts);
      const again = after(state.finishedAt, hasJustEnded ? askAtTheEnd : askAgain);
      return now >= again
        ? { actions: [{ do: "cancelTask", id }, start], wakeAt: undefined }
        : { actions: [], wakeAt: again };
    }
    default:
      return { actions: [], wakeAt: undefined };
  }
}

/** Services that carry the new version's traffic: its own, or the one whose subsets the versions are. */
function servicesOf({ destinationRule }: ObservedRollout, { rollout }: View): readonly string[] {
  const { canaryService } = sidesOf(rollout);
  const host = destinationRule?.spec.host.split(".")[0];
  const names = [blueGreenOf(rollout)?.activeService, canaryService, host];
  return [...new Set(names.filter((name) => name !== undefined && name !== ""))] as string[];
}
