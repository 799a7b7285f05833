import type { BlueGreenStatus, RolloutAnalysisRunStatus } from "@sluice/api";
import { formatInstant, type Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { runEvents } from "../analysis/run-events.ts";
import { type AnalysisSlot, runOf, seen, slotStatus } from "../analysis/runs.ts";
import { planSlot, slotEvidence } from "../analysis/slots.ts";
import { blueGreenStatusOf } from "../changes.ts";
import { stopAdvance } from "../lasting/stop.ts";
import { annotations, keyIn, replicaSetKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { mayBeTaken, noRestart, planRestart } from "../restart/restart.ts";
import { planRest, saidOf } from "../turn/going-on.ts";
import { eventsOf, type Move, recordsOf } from "../turn/move.ts";
import { pauseOf } from "../turn/pauses.ts";
import { type RolloutPlan, turn } from "../turn/turn.ts";
import type { Verdict } from "../verdict/verdict.ts";
import type { View } from "../view.ts";
import { wantedAnalysis } from "./analyses.ts";
import { planBlueGreenJudgement } from "./judged.ts";
import { nextAdvance } from "./progress.ts";
import { planBlueGreenScaling } from "./scaling.ts";
import { activeBefore, isBackUntold, planServices, type ServicePlan } from "./services.ts";
import { blueGreenOf } from "./strategy.ts";

/** A version on its way, or the steady state after it: the preview, Pods, analyses, the pause and the switch. */
export function goOnBlueGreen(observed: ObservedRollout, view: View, now: Instant, stop?: Verdict): RolloutPlan {
  const pre = planSlot(observed, view, "pre", wantedAnalysis(observed, view, "pre"), now);
  const post = planSlot(observed, view, "post", wantedAnalysis(observed, view, "post"), now);
  const advance: Move = stop === undefined ? nextAdvance(observed, view, { pre, post }, now) : stopAdvance(view, stop);
  const isSwitching = advance.is === "switch";
  const active = isSwitching ? view.hash : activeBefore(observed, view);
  const services = planServices(observed, view, active, isSwitching ? mayBeTaken(observed, view, now) : []);
  const told = isBackUntold(observed, view) ? view.hash : services.active;
  const scaling = planBlueGreenScaling(
    observed,
    view,
    { isAborted: false, mayCreate: true, active: services.active, preview: services.preview },
    now,
  );
  // The Pods that everybody is sent to from this turn on were counted, and what is scaled in it a budget doesn't count yet.
  const isBusy = isSwitching || scaling.actions.length > 0;
  const restart = isBusy ? noRestart(view) : planRestart(observed, view, now);
  // An answer to an inconclusive analysis is a new look, no word on the pause that follows.
  const looksAnew = [pre, post].some(({ wasWaved, judgement }) => wasWaved && judgement === undefined);
  const isPreviewed = pre.status !== undefined || pauseOf(view, "BlueGreenPause") !== undefined;
  const current = [pre.status, post.status].flatMap((run) => (run === undefined ? [] : [run.name]));
  const said = saidOf(observed, view, { move: advance, slots: [pre, post], restart, stop, isWordUsed: looksAnew }, now);
  const records = recordsOf(observed, view, advance, () => slotEvidence(observed, view, [pre, post]), now);
  return turn(observed, view, now, {
    ...said,
    actions: [
      // First: after a crash between the two, nothing would tell any more who sent everybody there, and why.
      ...(isSwitching ? records.map((record) => aboutSwitch(record, view, services)) : []),
      ...services.actions,
      ...scaling.actions,
      ...pre.actions,
      ...post.actions,
      ...(isSwitching ? [] : records),
      ...planBlueGreenJudgement(observed, view, isPreviewed, now),
      ...(advance.is === "promote" || view.isFullyPromoted ? notedPromotion(view, now) : []),
      ...planRest(observed, view, { runs: current, restart }),
    ],
    events: [...services.events, ...scaling.events, ...runEvents(observed, view), ...eventsOf(view, advance)],
    changes: {
      ...said.changes,
      blueGreen: statusOf(view, { ...services, active: told }, advance, {
        pre: pre.status ?? lastOf(observed, view, "pre"),
        post: post.status ?? lastOf(observed, view, "post"),
      }),
    },
    wakes: [...(said.wakes ?? []), ...scaling.wakes],
  });
}

/** Of a switch that is refused nothing is told. */
function aboutSwitch(record: Effect, { rollout }: View, { actions }: ServicePlan): Effect {
  const active = blueGreenOf(rollout)?.activeService;
  const about = actions.find((action) => action.do === "update" && action.object.metadata.name === active);
  return record.do === "create" && about?.do === "update" ? { ...record, about } : record;
}

/** A slot that asks for nothing any more keeps the name of its run, for people. */
function lastOf(observed: ObservedRollout, view: View, slot: AnalysisSlot): RolloutAnalysisRunStatus | undefined {
  const known = slotStatus(view, slot);
  return known === undefined ? undefined : seen(known, runOf(observed, view, slot));
}

interface Runs {
  readonly pre: RolloutAnalysisRunStatus | undefined;
  readonly post: RolloutAnalysisRunStatus | undefined;
}

function statusOf(view: View, { active, preview }: ServicePlan, advance: Move, { pre, post }: Runs): BlueGreenStatus {
  const isPastPause = advance.is === "scaleUp" || view.status.blueGreen?.scaleUpPreviewCheckPoint === true;
  return blueGreenStatusOf({
    activeSelector: active === "" ? undefined : active,
    previewSelector: preview === "" ? undefined : preview,
    // One way: until everybody gets this version, or another begins.
    scaleUpPreviewCheckPoint: isPastPause && active !== view.hash ? true : undefined,
    prePromotionAnalysisRunStatus: pre,
    postPromotionAnalysisRunStatus: post,
  });
}

/** Whether a version was promoted can't be seen later: then its Pods may be there for other reasons. */
function notedPromotion({ canary }: View, now: Instant): readonly Effect[] {
  if (canary === undefined || canary.metadata.annotations?.[annotations.promotedAt] !== undefined) return [];
  const value = { metadata: { annotations: { [annotations.promotedAt]: formatInstant(now) } } };
  const key = keyIn(replicaSetKind, canary.metadata.namespace, canary.metadata.name);
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}
