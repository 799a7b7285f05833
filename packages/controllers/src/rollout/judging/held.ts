import type { JudgementStatus } from "@sluice/api";
import type { Move } from "../turn/move.ts";

/** More traffic waits while the judge doubts the version. Without figures, so that it is told once and not at each window. */
export function heldForJudge(said: JudgementStatus): Move {
  const because = heldByPolicy(said) ?? heldByDoubt(said);
  return { is: "waiting", because, isHeldByJudge: true };
}

/** A rule or a model that holds the weight does so for as long as it says so. */
function heldByPolicy({ action, decidedBy = "judge" }: JudgementStatus): string | undefined {
  if (action !== "monitor" || decidedBy === "judge") return undefined;
  return decidedBy === "model"
    ? "the policy's model holds the weight: it goes no further until it says otherwise"
    : `rule ${decidedBy} holds the weight: it goes no further while that is broken`;
}

function heldByDoubt({ evidence = [] }: JudgementStatus): string {
  const strongest = evidence.filter(({ nats }) => nats > 0).toSorted((a, b) => b.nats - a.nats)[0];
  const of = strongest === undefined ? "" : ` (${strongest.signal})`;
  return `the judge doubts the new version${of}: it goes no further until that is clear, 25 minutes at most`;
}
