import type { Rollout } from "@sluice/api";
import type { Objects } from "./control-plane/world.ts";
import { judgementIn } from "./judging.ts";
import { notOver, type Outcome, ruleOf, ruleOfDoubt, ruleOfJudge } from "./outcome.ts";

/** How a release is over, and by which rule where it wasn't promoted. */
export type End = Pick<Outcome, "end" | "rule">;

export const isAborted = ({ status }: Rollout, hash: string): boolean =>
  status?.abort === true && status.currentPodHash === hash;

export const abortedEnd = ({ status }: Rollout, objects: Objects): End => ({
  end: "aborted",
  rule: ruleOf(status?.message ?? "", judgementIn(objects.values())?.status, objects),
});

export const isPromoted = ({ status }: Rollout, hash: string): boolean =>
  status?.stableRS === hash && status.currentPodHash === hash;

/** After a switch the judge looks on for as long as there is a way back. */
export function isWatchedOn(objects: Objects): boolean {
  const said = judgementIn(objects.values());
  return said?.spec.comparedWith === "before" && said.status?.phase !== "Ended";
}

export const givenUpEnd: End = { end: "stuck", rule: { by: notOver, isOurs: false } };

/** It is late, and nothing takes it back. */
export function deadEnd({ status }: Rollout): End | undefined {
  const isDead = status?.conditions?.some(({ reason }) => reason === "ProgressDeadlineExceeded");
  return isDead ? { end: "stuck", rule: { by: "progress deadline", isOurs: false } } : undefined;
}

/** The judge, or an analysis that knows nothing, asks a person whether it goes on. */
export function askedEnd({ status }: Rollout, objects: Objects): End | undefined {
  const reasons = pausedBy(status);
  const said = reasons.includes("VerdictAlert") ? judgementIn(objects.values())?.status : undefined;
  if (said !== undefined) return { end: "asked", rule: ruleOfJudge(said) };
  if (reasons.every((reason) => planned.has(reason))) return undefined;
  return { end: "asked", rule: ruleOfDoubt(status?.message ?? "no data", objects) };
}

/** A pause of the plan that only a person ends. */
export function asksPerson({ spec, status }: Rollout): boolean {
  const step = spec.strategy.canary?.steps?.[status?.currentStepIndex ?? 0];
  return pausedBy(status).length > 0 && step?.pause?.duration === undefined;
}

const planned = new Set<string>(["CanaryPauseStep", "BlueGreenPause"]);
const pausedBy = (status: Rollout["status"]): readonly string[] =>
  (status?.pauseConditions ?? []).map(({ reason }) => reason);
