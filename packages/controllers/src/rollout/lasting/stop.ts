import type { NotRevertibleStatus } from "@sluice/api";
import { formatInstant, type Instant, type PlannedEvent } from "@sluice/kernel";
import type { ObservedRollout } from "../observe.ts";
import { decided } from "../status/decisions.ts";
import { pauseOf } from "../turn/pauses.ts";
import { type RolloutPlan, turn } from "../turn/turn.ts";
import type { Verdict } from "../verdict/verdict.ts";
import type { View } from "../view.ts";
import { verdictKey } from "./overruled.ts";

/** What a release that was stopped does next, instead of what its steps say. */
export type StopAdvance =
  | { readonly is: "waiting"; readonly because: string }
  | { readonly is: "pause"; readonly reason: "NotRevertible"; readonly because: string };

/** All stays where it is, and a person is asked. */
export function stopAdvance(view: View, { message }: Verdict): StopAdvance {
  const { name } = view.rollout.metadata;
  if (pauseOf(view, "NotRevertible") !== undefined) return { is: "waiting", because: `waits for a person: ${message}` };
  const { because } = view.status.notRevertible?.accepted ?? {};
  const answers = `to go on, sluice rollout promote ${name}; to go back all the same, sluice rollout abort ${name}`;
  return {
    is: "pause",
    reason: "NotRevertible",
    because: `${message}; it isn't taken back, since that can't be undone (${because}): ${answers}`,
  };
}

export const stoppedStatus = ({ status }: View, verdict: Verdict): NotRevertibleStatus => ({
  ...status.notRevertible,
  stoppedFor: verdictKey(verdict),
});

/** As it will stand at the end of the turn in which it is stopped. */
export function asStopped(view: View, verdict: Verdict, now: Instant): View {
  if (pauseOf(view, "NotRevertible") !== undefined) return view;
  const pause = { reason: "NotRevertible", startTime: formatInstant(now) } as const;
  const pauseConditions = [...(view.status.pauseConditions ?? []), pause];
  return { ...view, status: { ...view.status, pauseConditions, notRevertible: stoppedStatus(view, verdict) } };
}

/** The pause for this verdict was there, and a person ended it. */
export const isOverruling = (view: View, verdict: Verdict): boolean =>
  view.status.notRevertible?.stoppedFor === verdictKey(verdict) && pauseOf(view, "NotRevertible") === undefined;

/** A person ended the pause, and what it was for holds no more: a deadline begins anew with an edit. */
export const isPastStop = (view: View): boolean =>
  view.status.notRevertible?.stoppedFor !== undefined &&
  pauseOf(view, "NotRevertible") === undefined &&
  !view.isFullyPromoted;

export function overrule(
  observed: ObservedRollout,
  view: View,
  verdict: Verdict | undefined,
  now: Instant,
): RolloutPlan {
  const { stoppedFor = "", overruled = [], ...rest } = view.status.notRevertible ?? {};
  const because = `a person goes on in spite of it: ${verdict?.message ?? `${stoppedFor}, which holds no more`}`;
  const events: PlannedEvent[] = [{ type: "Normal", reason: "RolloutResumed", message: "Rollout is resumed" }];
  return turn(observed, view, now, {
    because,
    actions: [decided(observed, view, now, { action: "advance", because, by: "a person" })],
    events,
    changes: { controllerPause: undefined, notRevertible: { ...rest, overruled: [...overruled, stoppedFor] } },
  });
}
