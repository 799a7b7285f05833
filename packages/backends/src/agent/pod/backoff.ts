import { after, between, type Instant, type Millis, millis, minutes, seconds } from "@sluice/kernel";
import type { Ended } from "./view.ts";

const first = seconds(10);
const longest = minutes(5);
const forgottenAfter = minutes(10);

/**
 * The wait before the next run: none for the first restart, then 10 s, doubling to 5 minutes; a run of 10 minutes
 * wipes the slate. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
 */
export function nextBackoff(attempt: number, lastBackoffMillis: number, ended: Ended): Millis {
  if (attempt === 0 || ended.isPlanned === true || between(ended.startedAt, ended.finishedAt) >= forgottenAfter)
    return millis(0);
  return millis(Math.min(longest, Math.max(first, lastBackoffMillis * 2)));
}

export const restartAt = (attempt: number, lastBackoffMillis: number, ended: Ended): Instant =>
  after(ended.finishedAt, nextBackoff(attempt, lastBackoffMillis, ended));

/** Between tries to pull an image: 10 s doubling to 5 minutes. */
export const pullBackoff = (failures: number): Millis =>
  millis(Math.min(longest, first * 2 ** Math.min(failures - 1, 10)));
