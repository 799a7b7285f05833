import { type Millis, millis } from "@sluice/kernel";
import { type Parsed, parsed, refused } from "../parsed.ts";

const unitMillis = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
const expected = 'a duration such as "30s", "1h30m" or "1.5h" (units ns, us, ms, s, m, h)';
/** time.Duration counts nanoseconds in an int64. */
const longest = 9_223_372_036_854;

/**
 * Go's `time.ParseDuration`: any order of parts, decimals, a sign; "0" needs no unit, every other number does.
 * https://pkg.go.dev/time#ParseDuration
 */
export function parseGoDuration(text: string): Parsed<Millis> {
  const signed = /^[+-]/.test(text);
  const sign = text.startsWith("-") ? -1 : 1;
  let position = signed ? 1 : 0;
  if (text.slice(position) === "0") return parsed(millis(0));
  if (position === text.length) return refused(position, `"${text}"`, expected);

  let total = 0;
  while (position < text.length) {
    part.lastIndex = position;
    const match = part.exec(text);
    if (match === null) return refused(position, `"${text}"`, expected);
    total += Number(match[1]) * unitMillis[match[2] as keyof typeof unitMillis];
    position = part.lastIndex;
  }
  if (total > longest) return refused(0, `"${text}"`, "a duration below 292 years");
  return parsed(millis(sign * total));
}

/** As Go prints a `time.Duration`: "1h30m0s", "1.5s", "250ms". */
export function formatGoDuration(duration: Millis): string {
  const sign = duration < 0 ? "-" : "";
  const total = Math.abs(duration);
  if (total === 0) return "0s";
  if (total < 1) return `${sign}${trim(total * 1000)}µs`;
  if (total < 1000) return `${sign}${trim(total)}ms`;
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor((total % 3_600_000) / 60_000);
  const seconds = `${trim((total % 60_000) / 1000)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

const trim = (value: number): string => String(Number(value.toFixed(9)));
