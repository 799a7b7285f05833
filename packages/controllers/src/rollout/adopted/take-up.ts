import type { Instant } from "@sluice/kernel";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { blueGreenStatusOf, type Changes, canaryStatusOf } from "../changes.ts";
import type { ObservedRollout } from "../observe.ts";
import { decided } from "../status/decisions.ts";
import { type RolloutPlan, turn } from "../turn/turn.ts";
import { hashOf, revisionOf, type View } from "../view.ts";
import type { ServedBefore } from "./served-before.ts";

/** As if this Rollout had promoted what users get: another version begins beside it by its steps. */
export function takeUp(observed: ObservedRollout, view: View, served: ServedBefore, now: Instant): RolloutPlan {
  const { stable } = served;
  const hash = hashOf(stable);
  const because = `${stable.metadata.name} served before this Rollout began: it goes on as the stable version`;
  const of: View = { ...view, hash, canary: stable, revision: Math.max(1, revisionOf(stable)) };
  return turn(observed, view, now, {
    because,
    actions: [decided(observed, of, now, { action: "promote", because })],
    events: [{ type: "Normal", reason: "FoundReplicaSet", message: because }],
    changes: { currentPodHash: hash, stableRS: hash, ...strategyOf(view, served) },
  });
}

function strategyOf({ rollout, progress }: View, { stable, canary, isPingStable }: ServedBefore): Changes {
  const steps = progress.steps.length;
  const hash = hashOf(stable);
  if (blueGreenOf(rollout) !== undefined) return { blueGreen: blueGreenStatusOf({ activeSelector: hash }) };
  const weights =
    canary === undefined
      ? undefined
      : {
          canary: { weight: canary.weight, podTemplateHash: canary.hash },
          stable: { weight: 100 - canary.weight, podTemplateHash: hash },
        };
  return {
    ...(steps === 0 ? {} : { currentStepIndex: steps }),
    canary: canaryStatusOf({ weights, stablePingPong: isPingStable ? "ping" : undefined }),
  };
}
