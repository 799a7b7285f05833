import type { BegunAgain, NotRevertibleStatus } from "@sluice/api";
import { type Instant, type PlannedEvent, unreachable } from "@sluice/kernel";
import { claimed } from "../ownership/index.ts";
import { takeUp } from "./adopted/take-up.ts";
import { blueGreenBegun } from "./bluegreen/status.ts";
import { blueGreenOf } from "./bluegreen/strategy.ts";
import { goOnBlueGreen } from "./bluegreen/underway.ts";
import { isWithinRollbackWindow } from "./canary/rollback-window.ts";
import { goOn } from "./canary/underway.ts";
import { type Changes, canaryStatusOf } from "./changes.ts";
import { changedConfiguration } from "./configuration/snapshots.ts";
import { undoneOf } from "./configuration/undone.ts";
import { throughTheDoor } from "./lasting/door.ts";
import { isOverruling, isPastStop, overrule } from "./lasting/stop.ts";
import type { ObservedRollout } from "./observe.ts";
import { triesAgainAt } from "./refused.ts";
import { withRouted } from "./routing/seen.ts";
import { classify } from "./situation.ts";
import { conditionOf } from "./status/conditions.ts";
import { decided } from "./status/decisions.ts";
import { beginAgain, condemn, hold, stayAborted } from "./turn/abort.ts";
import { type RolloutPlan, turn } from "./turn/turn.ts";
import { begunAgain } from "./verdict/crashes.ts";
import { forgetUndone } from "./verdict/persons-word.ts";
import type { Verdict } from "./verdict/verdict.ts";
import { hashOf, type View, viewOf } from "./view.ts";

/** Pure. Source: argo-rollouts rollout/{controller,canary,bluegreen,sync,pause,analysis,trafficrouting}.go, with our gates. */
export function plan(observed: ObservedRollout, now: Instant): RolloutPlan {
  if (observed.rollout.metadata.deletionTimestamp !== undefined) return { actions: [], because: "it is being deleted" };
  const orphans = [...observed.orphans, ...observed.configuration.orphans];
  const taken = claimed(observed.rollout, { orphans, strays: observed.strays });
  // Without a status: which version is the stable one is told by those that are there.
  if (taken.length > 0)
    return { actions: taken, because: "what was left behind is adopted, and what isn't its own is let go first" };
  if (observed.former.length > 0)
    return { actions: [], because: "what another of this name left behind isn't let go yet" };
  const view = withRouted(observed, throughTheDoor(observed, viewOf(observed)));
  const situation = classify(observed, view, now);
  switch (situation.is) {
    case "invalid": {
      const message = `The Rollout "${view.rollout.metadata.name}" is invalid: ${situation.fault}`;
      const events: PlannedEvent[] = [{ type: "Warning", reason: "InvalidSpec", message }];
      const isKnown = conditionOf(view.status.conditions, "InvalidSpec")?.message === message;
      const { generation = 0 } = view.rollout.metadata;
      const slot = `${generation}|${situation.fault}`;
      const told = isKnown ? [] : [decided(observed, view, now, { action: "refuse", because: message, slot })];
      return turn(observed, view, now, {
        because: message,
        invalid: situation.fault,
        actions: told,
        changes: {},
        events,
        wakes: [triesAgainAt(observed, now)],
      });
    }
    case "nameTaken":
      return turn(observed, view, now, {
        because: "another ReplicaSet has this version's name: it gets another",
        changes: { collisionCount: (view.status.collisionCount ?? 0) + 1 },
      });
    case "adopted":
      return takeUp(observed, view, situation.served, now);
    case "superseded":
      return supersede(observed, view, now);
    case "held":
      return hold(observed, view, situation, now);
    case "released":
      return beginAgain(observed, view, "lift", now);
    case "retried":
      return beginAgain(observed, view, "retry", now);
    case "condemned":
      return condemn(observed, view, situation.verdict, now);
    case "stopped":
      return isOverruling(view, situation.verdict)
        ? overrule(observed, view, situation.verdict, now)
        : onItsWay(observed, view, now, situation.verdict);
    case "recalled": {
      // Known before it is acted on: from here on it is a version after its switch, and the verdict takes it back.
      const because = `${situation.replaced.metadata.name} is the stable version again: ${situation.verdict.message}`;
      return turn(observed, view, now, { because, changes: { stableRS: hashOf(situation.replaced) } });
    }
    case "aborted":
      return stayAborted(observed, view, now);
    case "underway":
      return isPastStop(view) ? overrule(observed, view, undefined, now) : onItsWay(observed, view, now);
    default:
      return unreachable(situation);
  }
}

const onItsWay = (observed: ObservedRollout, view: View, now: Instant, stop?: Verdict): RolloutPlan =>
  blueGreenOf(view.rollout) === undefined ? goOn(observed, view, now, stop) : goOnBlueGreen(observed, view, now, stop);

/** Everything that status knew was about another version or other steps. */
function supersede(observed: ObservedRollout, view: View, now: Instant): RolloutPlan {
  const { status, progress, rollout, revision } = view;
  const isOther = status.currentPodHash !== view.hash;
  const steps = progress.steps.length;
  const isRecent = isOther && isWithinRollbackWindow(view, observed.replicaSets);
  const start = steps === 0 ? undefined : view.isFullyPromoted || isRecent ? steps : 0;
  // As they are written: no route is in this turn, and whether the two Services have changed sides since is told by these.
  const { weights, stablePingPong } = rollout.status?.canary ?? {};
  const changes: Changes = {
    currentStepIndex: start,
    abort: undefined,
    abortedAt: undefined,
    promoteFull: undefined,
    pauseConditions: undefined,
    controllerPause: undefined,
    // From the first moment on a person may skip it.
    canary: canaryStatusOf({ weights, stablePingPong, reachedStepIndex: view.isFullyPromoted ? undefined : start }),
    blueGreen: blueGreenBegun(status),
    notRevertible: stillAccepted(view),
    begunAgain: isOther ? returned(observed, view, now) : status.begunAgain,
    // A change of the spec cancels a restart that is under way.
    ...(rollout.spec.restartAt === undefined ? {} : { restartedAt: rollout.spec.restartAt }),
  };
  const isBack = view.isFullyPromoted && isOther;
  const because = isBack
    ? "the stable version is wanted again: the steps are skipped"
    : isRecent
      ? `revision ${revision} was stable lately: rollbackWindow lets it skip the steps`
      : isOther
        ? `version ${view.hash} begins as revision ${revision}${changedWords(observed, view)}`
        : "the steps changed: it begins anew";
  const skipped: PlannedEvent = {
    type: "Normal",
    reason: "SkipSteps",
    message: isBack ? "Rollback to stable" : "Rollback within window",
  };
  const wasCompleted = conditionOf(status.conditions, "Completed")?.status === "True";
  const begun = `Rollout not completed, started update to revision ${revision} (${view.hash})`;
  const events: PlannedEvent[] = isBack
    ? [skipped]
    : [
        ...(wasCompleted && isOther
          ? [{ type: "Normal", reason: "RolloutNotCompleted", message: begun } as const]
          : []),
        ...(isRecent ? [skipped] : []),
        { type: "Normal", reason: "RolloutUpdated", message: `Rollout updated to revision ${revision}` },
      ];
  const isSilent = view.isFullyPromoted && !isOther;
  return turn(observed, view, now, {
    because,
    actions: [
      ...(isOther ? forgetUndone(view) : []),
      ...(isSilent
        ? []
        : [decided(observed, view, now, { action: isBack || isRecent ? "rollback" : "begin", because })]),
    ],
    events: isSilent ? [] : events,
    changes,
  });
}

/** A version that was here before may have Pods that did things then. */
const returned = (observed: ObservedRollout, view: View, now: Instant): BegunAgain | undefined =>
  view.canary === undefined || view.isFullyPromoted ? undefined : begunAgain(observed, view, now);

/** What was let in counts until something is stable, or a person took it back. */
function stillAccepted({ status, hash }: View): NotRevertibleStatus | undefined {
  const { accepted } = status.notRevertible ?? {};
  if (accepted === undefined) return undefined;
  return status.abortedAt === undefined || accepted.podTemplateHash === hash ? { accepted } : undefined;
}

function changedWords(observed: ObservedRollout, view: View): string {
  const changed = changedConfiguration(observed, view);
  if (changed.length === 0) return "";
  // Under its name another content stands: else nobody would see from the manifests why.
  const isUndone = undoneOf(view.rollout)?.version === view.hash;
  return isUndone
    ? `, with ${changed.join(" and ")} as it was then: a person went back to it`
    : `, with another ${changed.join(" and ")}`;
}
