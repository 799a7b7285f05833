import type { Judgement } from "@sluice/api";

/** The Judgement of a version, undefined before it gets traffic and where nobody judges; and what it says, where that is acted on. */
export function judgementOf(judgements: readonly Judgement[], hash: string, revision: number) {
  const open = judgements.filter(
    ({ spec }) => spec.canary.podTemplateHash === hash && spec.revision === String(revision) && spec.terminate !== true,
  );
  // What users met counts, once there is some of it, and no longer what testers met at a preview.
  const judgement = open.find(isAfterSwitch) ?? open[0];
  return { judgement, judged: judgement?.spec.mode === "enforce" ? judgement.status : undefined };
}

/** Judged against what was served before: everybody has the new version. */
export const isAfterSwitch = ({ spec }: Judgement): boolean => spec.comparedWith === "before";
