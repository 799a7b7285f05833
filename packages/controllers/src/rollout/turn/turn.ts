import type { RolloutStatus } from "@sluice/api";
import { type Instant, instant, type Plan, sameJson } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { planSnapshots } from "../configuration/snapshots.ts";
import { withDoor } from "../lasting/door.ts";
import { annotations, decisionKind, keyIn, replicaSetKind, rolloutKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { heard } from "../verdict/persons-word.ts";
import type { View } from "../view.ts";
import { finished, type Turn } from "./finish.ts";

export type RolloutPlan = Plan<Effect, RolloutStatus>;

/** Effects, then the complete status; the revision is noted on the Rollout once nothing else is to be written. */
export function turn(observed: ObservedRollout, view: View, now: Instant, decisions: Turn): RolloutPlan {
  const made = withDoor(observed, view, now, decisions);
  const { events = [], wakes = [], because } = made;
  const { actions, records: planned } = apart(withSnapshots(observed, view, made.actions ?? []));
  const isCreating = actions.some((action) => action.do === "create" && action.object.kind === replicaSetKind.kind);
  const next = finished(observed, view, { ...made, isCreating }, now);
  // The same object where it says the same: the loop, that compares it again, sees so at once.
  const status = sameJson(next, view.rollout.status) ? (view.rollout.status ?? next) : next;
  const records = [...planned, ...heard(observed, view, status, now)];
  const known = wakes.filter((wake) => wake !== undefined);
  const wakeAt = known.length === 0 ? undefined : instant(Math.min(...known));
  const isSettled = actions.length + records.length === 0 && status === view.rollout.status;
  return {
    actions: isSettled ? noteRevision(observed, view) : actions,
    ...(records.length === 0 ? {} : { records }),
    status,
    because,
    ...(wakeAt === undefined ? {} : { wakeAt }),
    ...(events.length === 0 ? {} : { events }),
  };
}

/** Decisions at the end stand with the status that they led to; one that effects come after is there before those. */
function apart(effects: readonly Effect[]): {
  readonly actions: readonly Effect[];
  readonly records: readonly Effect[];
} {
  const last = effects.findLastIndex((effect) => !(effect.do === "create" && effect.object.kind === decisionKind.kind));
  return { actions: effects.slice(0, last + 1), records: effects.slice(last + 1) };
}

/** What a version reads is there before its Pods are; traffic that is taken back doesn't wait for it. */
function withSnapshots(observed: ObservedRollout, view: View, actions: readonly Effect[]): readonly Effect[] {
  const { before, after } = planSnapshots(observed, view);
  const index = actions.findIndex((action) => action.do === "create" && action.object.kind === "ReplicaSet");
  const at = index === -1 ? actions.length : index;
  const isNeeded = view.canary !== undefined || index !== -1;
  return [...actions.slice(0, at), ...(isNeeded ? before : []), ...actions.slice(at), ...after];
}

// A patch of its own turn: in one with a status it would make that status stale.
function noteRevision({ workload }: ObservedRollout, view: View): readonly Effect[] {
  const { rollout, canary, revision, version } = view;
  const { namespace, name, annotations: noted } = rollout.metadata;
  if (canary === undefined) return [];
  const generation = workload.is === "found" ? String(workload.object.metadata.generation ?? 0) : undefined;
  const value = { metadata: { annotations: { [annotations.revision]: String(revision) } } };
  const { [annotations.revision]: known, [annotations.configuration]: notes } = canary.metadata.annotations ?? {};
  if (known !== String(revision) || (version.note !== undefined && notes !== version.note)) {
    const both = { ...value.metadata.annotations, [annotations.configuration]: version.note };
    const key = keyIn(replicaSetKind, canary.metadata.namespace, canary.metadata.name);
    const noted = version.note === undefined ? value : { metadata: { annotations: both } };
    return [{ do: "patch", key, patch: { type: "merge", value: noted } }];
  }
  const wanted = {
    [annotations.revision]: String(revision),
    ...(generation === undefined ? {} : { [annotations.workloadGeneration]: generation }),
  };
  if (Object.entries(wanted).every(([key, text]) => noted?.[key] === text)) return [];
  const note = { type: "merge", value: { metadata: { annotations: wanted } } } as const;
  return [{ do: "patch", key: keyIn(rolloutKind, namespace, name), patch: note }];
}
