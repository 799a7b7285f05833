import { goDurationMillis, type RetryStrategy } from "@sluice/api";
import { after, type Instant, type Millis, millis, minutes, seconds } from "@sluice/kernel";

/** Argo CD's, for syncs that nobody asked for by hand. */
export const automatedRetry: RetryStrategy = { limit: 5 };

const defaultDuration = seconds(5);
const defaultMax = minutes(3);

/** When the next attempt is due, `attempts` retries having been made. Argo CD: 5 s, times 2 each, at most 3 min. */
export function retryAt(finishedAt: Instant, attempts: number, { backoff }: RetryStrategy): Instant {
  const first = durationOf(backoff?.duration) ?? defaultDuration;
  const most = durationOf(backoff?.maxDuration) ?? defaultMax;
  const factor = backoff?.factor ?? 2;
  return after(finishedAt, millis(Math.min(first * factor ** attempts, most)));
}

/** A negative limit is none. */
export const mayRetry = (attempts: number, { limit = 0 }: RetryStrategy): boolean => limit < 0 || attempts < limit;

/** How long a self-heal waits after the sync before it: 0, 2, 6, 18, … at most 300 s. */
export const healWait = (attempts: number): Millis =>
  attempts <= 0 ? millis(0) : millis(Math.min(seconds(2) * 3 ** (attempts - 1), seconds(300)));

function durationOf(text: string | undefined): Millis | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d+$/.test(text)) return seconds(Number(text));
  const parsed = goDurationMillis(text);
  return parsed === undefined ? undefined : millis(parsed);
}
