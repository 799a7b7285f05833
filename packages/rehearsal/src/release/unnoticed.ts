import type { Outcome } from "./outcome.ts";

/** All but a holdback: what most users meet is noticed, whether a release is over or not. */
const nearlyAll = 0.8;

/**
 * How long what nobody caught goes on after a release's end, in seconds. Somebody notices `noticeSeconds` after nearly all
 * users have got it: what is held at its last share meanwhile isn't noticed later for that.
 */
export function unnoticedSeconds(
  { weights, seconds }: Pick<Outcome, "weights" | "seconds">,
  noticeSeconds: number,
): number {
  const since = weights.find(({ weight }) => weight >= nearlyAll)?.atSeconds ?? seconds;
  return Math.max(0, noticeSeconds - Math.max(0, seconds - since));
}
