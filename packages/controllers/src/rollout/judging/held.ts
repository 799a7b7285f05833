import type { JudgementStatus } from "@sluice/api";
import type { Move } from "../turn/move.ts";

/** More traffic waits while the judge doubts the version. Without figures, so that it is told once and not at each window. */
export function heldForJudge({ evidence = [] }: JudgementStatus): Move {
  const strongest = evidence.filter(({ nats }) => nats > 0).toSorted((a, b) => b.nats - a.nats)[0];
  const of = strongest === undefined ? "" : ` (${strongest.signal})`;
  const because = `the judge doubts the new version${of}: it goes no further until that is clear, 25 minutes at most`;
  return { is: "waiting", because, isHeldByJudge: true };
}
