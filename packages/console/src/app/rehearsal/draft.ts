import type { LearnedDay } from "../../live/rehearsals.ts";
import { type TrafficFields, usualFields } from "./asked.ts";

/** What somebody has put into the form. */
export interface Draft {
  readonly manifests: string;
  readonly fields: TrafficFields;
}

/** An ordinary day of a Rollout that runs here, and of which. */
export interface ChosenDay {
  readonly of: string;
  readonly day: LearnedDay;
}

const key = "sluice rehearsal draft";
const dayKey = "sluice rehearsal day";
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

/** What was learned before this page was loaded again. */
export function keptDay(): ChosenDay | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(dayKey) ?? "null") as ChosenDay | null;
    return kept?.day?.traffic === undefined ? undefined : kept;
  } catch {
    return undefined;
  }
}

export function keepDay(chosen: ChosenDay | undefined): void {
  try {
    if (chosen === undefined) sessionStorage.removeItem(dayKey);
    else sessionStorage.setItem(dayKey, JSON.stringify(chosen));
  } catch {
    // Then it is learned again.
  }
}
