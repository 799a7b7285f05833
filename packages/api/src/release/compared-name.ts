import type { JudgementSpec } from "../kinds/sluice/judgement.ts";

/** How people call what a version is compared with. */
export const comparedName = ({ stable, baseline = stable, comparedWith }: JudgementSpec): string =>
  comparedWith === "before" ? `${stable.name} before it` : baseline.name;
