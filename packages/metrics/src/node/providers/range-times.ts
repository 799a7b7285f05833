import { Fault, type Instant, instant, type Millis, parseInstant } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import type { QueryRange } from "../../evaluate/query.ts";

/** Argo's `rangeQuery`: start and end are expressions of time, step a Go duration. */
export interface RangeQuery {
  readonly start: string;
  readonly end: string;
  readonly step: string;
}

export function resolveRange(range: RangeQuery, now: Instant): QueryRange {
  const step = parseGoDuration(range.step);
  if (step.is === "refused" || step.value <= 0)
    throw invalid("rangeQuery.step", range.step, 'a duration greater than 0, such as "1m"');
  return {
    start: resolveTime("rangeQuery.start", range.start, now),
    end: resolveTime("rangeQuery.end", range.end, now),
    step: step.value as Millis,
  };
}

const shape =
  /^(?:now\(\)|date\((["'])(?<date>[^"']+)\1\))(?:\s*(?<sign>[+-])\s*duration\((["'])(?<length>[^"']+)\4\))?$/;

function resolveTime(path: string, text: string, now: Instant): Instant {
  const groups = shape.exec(text.trim())?.groups;
  const base = groups?.date === undefined ? now : parseInstant(groups.date);
  const length = groups?.length === undefined ? undefined : parseGoDuration(groups.length);
  if (groups === undefined || base === undefined || length?.is === "refused")
    throw invalid(path, text, `now(), date("2026-01-02T15:04:05Z"), or one of them + or - duration("5m")`);
  return instant(base + (groups.sign === "-" ? -1 : 1) * (length?.value ?? 0));
}

function invalid(path: string, text: string, expected: string): Fault {
  const found = JSON.stringify(text.slice(0, 80));
  return new Fault("invalid", `${path}: found ${found}, expected ${expected}`, {
    violations: [{ path, found, expected }],
  });
}
