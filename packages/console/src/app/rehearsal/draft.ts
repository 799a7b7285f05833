import { type TrafficFields, usualFields } from "./asked.ts";

/** What somebody has put into the form. */
export interface Draft {
  readonly manifests: string;
  readonly fields: TrafficFields;
}

const key = "sluice rehearsal draft";
/** A tab has room for some 5 MB, and each change is written. */
const lengthMax = 500_000;

/** What was pasted in this tab before another page was looked at, or this one loaded again. */
export function keptDraft(): Draft {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}") as Partial<Draft>;
    return { manifests: kept.manifests ?? "", fields: { ...usualFields, ...kept.fields } };
  } catch {
    return { manifests: "", fields: usualFields };
  }
}

export function keepDraft(draft: Draft): void {
  try {
    if (draft.manifests.length > lengthMax) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing: then it is pasted again.
  }
}
