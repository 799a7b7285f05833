import type { Decision, DecisionAction, DecisionEvidence } from "@sluice/api";
import { canonicalJson, formatInstant, type Instant, shortHash } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { isRouted } from "../canary/steps.ts";
import { decisionKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { weighedServices } from "../routing/seen.ts";
import { freshRestarts } from "../verdict/crashes.ts";
import { availableOf, type View, wantedOf } from "../view.ts";

export interface Deciding {
  readonly action: DecisionAction;
  readonly because: string;
  readonly evidence?: readonly DecisionEvidence[];
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Who asked, where a person did. */
  readonly by?: string;
  /** What there is one such decision for, e.g. an AnalysisRun's name; absent: the Rollout as it is now. */
  readonly slot?: string;
}

/**
 * The same after a crash or a conflict: it derives from what was decided on. Where that is the Rollout itself, its status
 * tells an attempt from the next, since what is decided is written there; others may touch the rest of it meanwhile.
 * Another version is another decision, also where it came before the first one's status was written.
 */
export function decisionName(view: View, { action, slot }: Pick<Deciding, "action" | "slot">): string {
  const { uid = "", name } = view.rollout.metadata;
  const key = slot ?? canonicalJson(view.status);
  return `${name}-${view.revision}-${action}-${shortHash([uid, view.hash, key, action].join("|"))}`;
}

/** One decision, with everything that it was decided from. */
export function decided(observed: ObservedRollout, view: View, now: Instant, deciding: Deciding): Effect {
  const { rollout, hash, revision } = view;
  const { namespace, name, uid } = rollout.metadata;
  const { action, because, evidence = [], inputs = {}, by } = deciding;
  const object: Decision = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: decisionKind.kind as "Decision",
    metadata: {
      name: decisionName(view, deciding),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { "sluice.dev/subject": name, "sluice.dev/action": action, [podHashLabel]: hash },
    },
    spec: {
      subject: {
        apiVersion: rollout.apiVersion,
        kind: rollout.kind,
        ...(namespace === undefined ? {} : { namespace }),
        name,
        ...(uid === undefined ? {} : { uid }),
        revision: String(revision),
        podTemplateHash: hash,
      },
      action,
      at: formatInstant(now, "millis"),
      because,
      ...(by === undefined ? {} : { by }),
      inputs: { ...inputsOf(observed, view), ...inputs },
      ...(evidence.length === 0 ? {} : { evidence }),
    },
  };
  return { do: "create", object };
}

function inputsOf(observed: ObservedRollout, view: View): Readonly<Record<string, unknown>> {
  const { rollout, status, canary, stable, progress } = view;
  const routed = isRouted(rollout) ? weighedServices(observed).map((service) => service.routed) : [];
  const size = (set: typeof canary) => ({ wanted: wantedOf(set), available: availableOf(set) });
  return {
    step: progress.index,
    steps: progress.steps.length,
    replicas: { wanted: rollout.spec.replicas ?? 1, canary: size(canary), stable: size(stable) },
    ...(routed.length > 0 ? { routedWeight: Math.max(...routed) } : {}),
    ...(status.blueGreen === undefined
      ? {}
      : { services: { active: status.blueGreen.activeSelector, preview: status.blueGreen.previewSelector } }),
    podRestarts: freshRestarts(observed, view),
    ...(status.pauseConditions === undefined ? {} : { pauseConditions: status.pauseConditions }),
    ...(status.stableRS === undefined ? {} : { stable: status.stableRS }),
    ...requestsSeen(observed),
  };
}

function requestsSeen({ traffic }: ObservedRollout): Readonly<Record<string, unknown>> {
  const counts = [...traffic.values()].flatMap(({ state }) => (state.is === "done" ? [state.result.requests] : []));
  return counts.length === 0 ? {} : { canaryRequests: Math.max(...counts) };
}
