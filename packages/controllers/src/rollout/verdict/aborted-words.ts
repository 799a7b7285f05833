import { conditionOf } from "../status/conditions.ts";
import type { View } from "../view.ts";

export const abortedWords = (view: View, reason: string | undefined): string =>
  `Rollout aborted update to revision ${view.revision}${reason === undefined ? "" : `: ${reason}`}`;

/** Status tells already that it was aborted for just that. */
export const isAbortedFor = (view: View, reason: string): boolean =>
  conditionOf(view.status.conditions, "Progressing")?.message === abortedWords(view, reason);
