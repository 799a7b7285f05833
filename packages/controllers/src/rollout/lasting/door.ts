import { type LastingVersion, notRevertible, type ReplicaSet } from "@sluice/api";
import { canonicalJson, formatInstant, type Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import type { Changes } from "../changes.ts";
import { judgementOf } from "../judging/current.ts";
import { writtenTemplate } from "../metadata/written-template.ts";
import { annotations } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { decided } from "../status/decisions.ts";
import type { Turn } from "../turn/finish.ts";
import { pauseOf } from "../turn/pauses.ts";
import { heldBy } from "../verdict/quarantine.ts";
import { hashOf, revisionOf, type View } from "../view.ts";
import { isLasting, lastingChange, lastingSince } from "./marks.ts";

/**
 * The view to plan with. A version that can't be undone, or that lies before one, waits at the door: until a person lets it
 * in, all goes on as if the version before it were still the wanted one.
 */
export function throughTheDoor(observed: ObservedRollout, view: View): View {
  const kept = keptSet(observed, view);
  const waiting = kept === undefined ? undefined : waitingVersion(observed, view, kept);
  return kept === undefined || waiting === undefined ? view : { ...viewOn(observed, view, kept), waiting };
}

/** Nothing goes back past what a person let in: then its version stays, else the stable one. */
function keptSet({ replicaSets }: ObservedRollout, view: View): ReplicaSet | undefined {
  const current = isLasting(view) && replicaSets.find((set) => hashOf(set) === view.status.currentPodHash);
  return current || view.stable;
}

function waitingVersion(observed: ObservedRollout, view: View, kept: ReplicaSet): LastingVersion | undefined {
  const { status, hash, canary, version, rollout, isFullyPromoted } = view;
  const wasLetIn =
    status.currentPodHash === hash ||
    status.notRevertible?.accepted?.podTemplateHash === hash ||
    rollout.metadata.annotations?.[annotations.pastNotRevertible] === hash;
  if (wasLetIn || heldBy(view, observed.quarantines) !== undefined) return undefined;
  const reason = isFullyPromoted ? undefined : lastingChange(version.template, kept.spec.template);
  if (reason !== undefined) return { podTemplateHash: hash, because: reason };
  if (canary === undefined) return undefined;
  // What was taken back already by a person's word is no question any more.
  const isGone = (set: ReplicaSet) => status.abortedAt !== undefined && hashOf(set) === status.currentPodHash;
  const past = lastingSince(
    canary,
    observed.replicaSets.filter((set) => !isGone(set)),
  );
  if (past === undefined) return undefined;
  const because = `revision ${revisionOf(past)}: ${notRevertible(past.spec.template ?? {})}`;
  return { podTemplateHash: hash, because, isWayBack: true };
}

/** As if this ReplicaSet's template were the one that is wanted. */
function viewOn({ replicaSets, judgements }: ObservedRollout, view: View, set: ReplicaSet): View {
  const { rollout, stable } = view;
  const hash = hashOf(set);
  const template = writtenTemplate(set, rollout);
  return {
    ...view,
    rollout: { ...rollout, spec: { ...rollout.spec, ...(template === undefined ? {} : { template }) } },
    version: { template: set.spec.template, digests: {}, hash, set, note: undefined },
    hash,
    canary: set,
    older: replicaSets.filter((other) => other !== set && other !== stable),
    revision: revisionOf(set),
    isFullyPromoted: view.status.stableRS === hash,
    ...judgementOf(judgements, hash, revisionOf(set)),
  };
}

/** The turn, with the question that waits at the door, its answer, or what is left of one that nobody asks any more. */
export function withDoor(observed: ObservedRollout, view: View, now: Instant, made: Turn): Turn {
  const { status, waiting } = view;
  if (waiting === undefined) {
    const changes = { ...made.changes, ...leftovers(view, made.changes) };
    const isOpen = acceptedAfter(view, changes)?.asked !== undefined;
    const told = isOpen ? [] : withdrawn(observed, view, now);
    return { ...made, actions: [...(made.actions ?? []), ...told], changes };
  }
  const isAsked = status.notRevertible?.asked?.podTemplateHash === waiting.podTemplateHash;
  const pause = pauseOf(view, "NotRevertible");
  if (isAsked && pause === undefined) return letIn(observed, view, waiting, now, made);
  const question = questionOf(view, waiting);
  const others = pausesAfter(view, made.changes).filter(({ reason }) => reason !== "NotRevertible");
  const message = `Rollout is paused (NotRevertible: ${question})`;
  const asking = isAsked
    ? {}
    : {
        because: question,
        actions: [
          ...(made.actions ?? []),
          ...withdrawn(observed, view, now),
          decided(observed, view, now, { action: "pause", because: question }),
        ],
        events: [...(made.events ?? []), { type: "Warning", reason: "RolloutPaused", message } as const],
      };
  return {
    ...made,
    ...asking,
    pausedBecause: question,
    changes: {
      ...made.changes,
      pauseConditions: [...others, pause ?? { reason: "NotRevertible", startTime: formatInstant(now) }],
      controllerPause: true,
      notRevertible: { ...acceptedAfter(view, made.changes), asked: waiting },
    },
  };
}

function questionOf({ rollout }: View, { podTemplateHash, because, isWayBack = false }: LastingVersion): string {
  const what = isWayBack
    ? `going back to version ${podTemplateHash} goes past what can't be undone (${because}) and may harm data`
    : `version ${podTemplateHash} can't be undone (${because})`;
  return `${what}: to go on, sluice rollout promote ${rollout.metadata.name}`;
}

/** Whoever was asked reads that nobody waits for an answer any more, and why. */
function withdrawn(observed: ObservedRollout, view: View, now: Instant): readonly Effect[] {
  const asked = view.status.notRevertible?.asked?.podTemplateHash;
  if (asked === undefined) return [];
  const wanted = view.waiting?.podTemplateHash ?? view.hash;
  const held = heldBy(view, observed.quarantines);
  const instead = `version ${wanted} is wanted instead${view.isFullyPromoted && view.waiting === undefined ? ", which everybody has" : ""}`;
  const why = wanted !== asked ? instead : held === undefined ? "nothing is to be asked any more" : "it is quarantined";
  const because = `the question about version ${asked} is withdrawn: ${why}`;
  // Beside what spec.paused tells in the same turn.
  const slot = `withdrawn|${canonicalJson(view.status)}`;
  return [decided(observed, view, now, { action: "resume", because, slot })];
}

function letIn(observed: ObservedRollout, view: View, waiting: LastingVersion, now: Instant, made: Turn): Turn {
  const because = `a person let version ${waiting.podTemplateHash} in: ${waiting.because}`;
  return {
    ...made,
    because,
    actions: [
      ...(made.actions ?? []),
      decided(observed, view, now, {
        action: "advance",
        because,
        by: "a person",
        slot: `in|${waiting.podTemplateHash}`,
      }),
    ],
    events: [...(made.events ?? []), { type: "Normal", reason: "RolloutResumed", message: "Rollout is resumed" }],
    changes: {
      ...made.changes,
      pauseConditions: undefined,
      controllerPause: undefined,
      notRevertible: { accepted: { ...waiting, acceptedAt: formatInstant(now) } },
    },
  };
}

/** Nobody waits: a question that was withdrawn goes, and all of it once a version is stable. */
function leftovers(view: View, changes: Changes): Changes {
  const { status, isFullyPromoted } = view;
  const { asked, ...rest } = status.notRevertible ?? {};
  if (status.notRevertible === undefined || "notRevertible" in changes) return {};
  if (isFullyPromoted || changes.stableRS !== undefined) return { notRevertible: undefined, ...unasked(view, changes) };
  if (asked === undefined) return {};
  const isEmpty = Object.keys(rest).length === 0;
  return {
    notRevertible: isEmpty ? undefined : rest,
    ...(rest.stoppedFor === undefined ? unasked(view, changes) : {}),
  };
}

function unasked(view: View, changes: Changes): Changes {
  const others = pausesAfter(view, changes).filter(({ reason }) => reason !== "NotRevertible");
  return others.length === 0 ? { pauseConditions: undefined, controllerPause: undefined } : { pauseConditions: others };
}

const pausesAfter = ({ status }: View, changes: Changes) =>
  ("pauseConditions" in changes ? changes.pauseConditions : status.pauseConditions) ?? [];

const acceptedAfter = ({ status }: View, changes: Changes) =>
  "notRevertible" in changes ? changes.notRevertible : status.notRevertible;
