import { appendFileSync } from "node:fs";
import { type Instant, instant } from "@sluice/kernel";
import { readText, writeWhole } from "../files/atomic.ts";

/**
 * Programs write their logs themselves, so no line has a time of its own. The agent notes every second how long each
 * file is: `--timestamps` and `--since` are right to about a second.
 */
export interface TimeMark {
  /** Up to here the log was written by then. */
  readonly offset: number;
  readonly at: Instant;
}

const marksBytesMax = 256 * 1024;

const timesFile = (liveFile: string): string => liveFile.replace(/\.log$/, ".times");

export function noteTime(liveFile: string, offset: number, at: Instant): void {
  const file = timesFile(liveFile);
  appendFileSync(file, `${offset} ${at}\n`, { mode: 0o600 });
}

/** Forgets the older half of a long list. */
export function trimTimes(liveFile: string): void {
  const text = readText(timesFile(liveFile)) ?? "";
  if (text.length <= marksBytesMax) return;
  const half = text.slice(text.length / 2);
  writeWhole(timesFile(liveFile), half.slice(half.indexOf("\n") + 1));
}

export function readTimes(liveFile: string): TimeMark[] {
  const marks: TimeMark[] = [];
  for (const line of (readText(timesFile(liveFile)) ?? "").split("\n")) {
    const [offset, at] = line.split(" ").map(Number);
    if (offset !== undefined && at !== undefined && Number.isFinite(offset) && Number.isFinite(at)) {
      marks.push({ offset, at: instant(at) });
    }
  }
  return marks;
}

/** When the byte at `offset` had been written; undefined where that was after the last note. */
export const timeOf = (marks: readonly TimeMark[], offset: number): Instant | undefined =>
  marks.find((mark) => mark.offset > offset)?.at;

/** Where the log stood at an instant. */
export function offsetAt(marks: readonly TimeMark[], since: Instant): number {
  return marks.findLast(({ at }) => at < since)?.offset ?? 0;
}
