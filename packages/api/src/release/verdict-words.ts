import type { Judgement, JudgementStatus } from "../kinds/sluice/judgement.ts";

const verdictWords: Readonly<Record<NonNullable<JudgementStatus["action"]>, string>> = {
  continue: "goes on",
  monitor: "holds the weight",
  alert: "asks a person",
  rollback: "takes it back",
};

/** What follows of a verdict, of the release that it is about. What testers meet at a preview takes nothing back: it asks. */
export function verdictWord({ spec, status }: Pick<Judgement, "spec" | "status">): string {
  const { action = "continue" } = status ?? {};
  const isOfPreview =
    spec.comparedWith !== "before" && spec.plan.length > 0 && spec.plan.every(({ weight }) => weight === 0);
  return verdictWords[isOfPreview && action === "rollback" ? "alert" : action];
}
