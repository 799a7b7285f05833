import { after, type Instant, instant, parseInstant, seconds } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { minimumQuestion, type ObservedRollout } from "../observe.ts";
import { conditionOf } from "../status/conditions.ts";
import type { View } from "../view.ts";
import { type AnalysisSlot, expectsTraffic, planTrafficQuestion } from "./runs.ts";
import { syntheticOf } from "./synthetic.ts";

/** Whether a version has had the requests that an analysis must have before its measurements count. */
export type Enough =
  | { readonly is: "enough" }
  | {
      readonly is: "waiting";
      readonly because: string;
      readonly actions: readonly Effect[];
      readonly wakes: readonly (Instant | undefined)[];
    }
  | { readonly is: "tooFew"; readonly because: string };

export function enoughRequests(observed: ObservedRollout, view: View, slot: AnalysisSlot, now: Instant): Enough {
  const { minimumRequests, askAfter = seconds(0), policy, noData } = observed.evidence;
  if (minimumRequests === 0 || !expectsTraffic(view, slot)) return { is: "enough" };
  const synthetic = syntheticOf(observed);
  const state = observed.traffic.get(minimumQuestion(view.hash))?.state;
  const real = state?.is === "done" ? state.result.requests : 0;
  const requests = real + (synthetic.is === "passed" ? synthetic.requests : 0);
  if (requests >= minimumRequests) return { is: "enough" };
  const question = planTrafficQuestion(observed, view, slot, undefined, now);
  // Nobody counts requests here: a minimum of them would hold every release.
  if (question === undefined || state?.is === "refused") return { is: "enough" };
  const words = `${requests} of ${minimumRequests} requests that EvidencePolicy ${policy} asks for`;
  const until = after(movedAt(view, now), askAfter);
  if (now >= until) {
    if (noData === "pass") return { is: "enough" };
    return { is: "tooFew", because: `the canary got only ${words}` };
  }
  return {
    is: "waiting",
    because: `waits for traffic: ${words}`,
    actions: question.actions,
    wakes: [question.wakeAt, until],
  };
}

/** Since when a release stands where it stands. */
function movedAt({ canary, status }: View, now: Instant): Instant {
  const bornAt = parseInstant(canary?.metadata.creationTimestamp ?? "") ?? now;
  const moved = parseInstant(conditionOf(status.conditions, "Progressing")?.lastUpdateTime ?? "") ?? bornAt;
  return instant(Math.max(bornAt, moved));
}
