import type { JudgementStatus } from "../kinds/sluice/judgement.ts";

/** What follows of a verdict, of the release that it is about. */
export const verdictWords: Readonly<Record<NonNullable<JudgementStatus["action"]>, string>> = {
  continue: "goes on",
  monitor: "holds the weight",
  alert: "asks a person",
  rollback: "takes it back",
};
