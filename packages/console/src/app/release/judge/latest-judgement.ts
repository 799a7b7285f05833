import type { Judgement } from "@sluice/api";

/** A version may be judged twice, at the preview and after the switch: the one that began last counts. */
export const latestJudgement = (judgements: readonly Judgement[]): Judgement | undefined =>
  judgements.toSorted((a, b) => Date.parse(b.spec.beganAt) - Date.parse(a.spec.beganAt))[0];
