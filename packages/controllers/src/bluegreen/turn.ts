import type { BlueGreenDeploymentStatus, BlueGreenPhase, Decision, DecisionAction } from "@sluice/api";
import {
  after,
  formatInstant,
  type Instant,
  type Plan,
  type PlannedEvent,
  parseInstant,
  seconds,
} from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import { decisionName } from "./names.ts";
import type { ObservedBlueGreen } from "./observe.ts";

export type BlueGreenPlan = Plan<Effect, BlueGreenDeploymentStatus>;

/** One look at a deploy that is under way. */
export interface Turn extends ObservedBlueGreen {
  readonly status: BlueGreenDeploymentStatus;
  readonly now: Instant;
}

export const stay = (
  turn: Turn,
  because: string,
  actions: readonly Effect[] = [],
  wakeAt?: Instant,
): BlueGreenPlan => ({
  actions,
  status: { ...turn.status, message: because },
  because,
  ...(wakeAt === undefined ? {} : { wakeAt }),
});

/** When a phase before the switch has taken too long. */
const deadlineOf = ({ status, object, now }: Turn): Instant =>
  after(parseInstant(status.phaseStartedAt ?? "") ?? now, seconds(object.spec.timeoutSeconds ?? 300));

/** Goes on with it, until it has taken too long. */
export function within(turn: Turn, because: string, actions: readonly Effect[] = []): BlueGreenPlan {
  const end = deadlineOf(turn);
  const { timeoutSeconds = 300 } = turn.object.spec;
  return turn.now >= end ? fail(turn, `${because}, after ${timeoutSeconds} s`) : stay(turn, because, actions, end);
}

/** Into the next phase; a Decision and an Event tell it. */
export function enter(
  turn: Turn,
  phase: BlueGreenPhase,
  action: DecisionAction,
  because: string,
  outcome?: BlueGreenDeploymentStatus["outcome"],
): BlueGreenPlan {
  const { object, status, now } = turn;
  const isBad = outcome !== undefined && outcome.phase !== "Succeeded";
  const isEnd = phase === "Succeeded" || phase === "Failed" || phase === "Aborted";
  return {
    // The end was decided when its outcome was; being told is no decision.
    actions:
      phase === "Notifying" || (isEnd && status.outcome !== undefined) ? [] : [decided(turn, phase, action, because)],
    status: {
      ...status,
      phase,
      phaseStartedAt: formatInstant(now),
      message: because,
      ...(outcome === undefined ? {} : { outcome }),
      ...(isEnd ? { finishedAt: formatInstant(now) } : {}),
      ...(object.metadata.generation === undefined ? {} : { observedGeneration: object.metadata.generation }),
    },
    because,
    events: [told(phase, because, isBad)],
  };
}

const told = (reason: string, message: string, isBad: boolean): PlannedEvent => ({
  type: isBad ? "Warning" : "Normal",
  reason,
  message,
});

/** Where it goes when it can't go on: traffic first, then the colour that isn't wanted. */
export const fail = (turn: Turn, because: string, ending: "Failed" | "Aborted" = "Failed"): BlueGreenPlan =>
  enter(turn, hasSwitched(turn) ? "SwitchingBack" : "CleaningUp", hasSwitched(turn) ? "rollback" : "abort", because, {
    phase: ending,
    message: because,
  });

/** From "Switching" on the Service may pick the new colour already. */
const hasSwitched = ({ status }: Turn): boolean =>
  status.phase === "Switching" || status.phase === "Verifying" || status.phase === "Draining";

function decided(turn: Turn, phase: BlueGreenPhase, action: DecisionAction, because: string): Effect {
  const { object, status, places, now } = turn;
  const { apiVersion, kind, metadata, spec } = object;
  const namespace = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
  const decision: Decision = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Decision",
    metadata: {
      name: decisionName(object, phase),
      ...namespace,
      labels: { "sluice.dev/subject": metadata.name, "sluice.dev/action": action },
    },
    spec: {
      subject: {
        apiVersion,
        kind,
        ...namespace,
        name: metadata.name,
        ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
        revision: spec.release,
      },
      action,
      at: formatInstant(now, "millis"),
      because,
      ...(spec.by === undefined ? {} : { by: spec.by }),
      inputs: {
        phase,
        ...(status.from === undefined ? {} : { from: status.from }),
        ...(status.to === undefined ? {} : { to: status.to }),
        ...(status.image === undefined ? {} : { image: status.image }),
        ready: places.length,
        ...(status.replicas === undefined ? {} : { wanted: status.replicas }),
      },
    },
  };
  return { do: "create", object: decision };
}
