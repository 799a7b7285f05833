import { type Millis, millis } from "@sluice/kernel";
import { type Parsed, parsed, refused } from "../parsed.ts";

const shape = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const partMillis = [365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000, 1] as const;
const partNames = ["y", "w", "d", "h", "m", "s", "ms"] as const;
const expected = 'a duration such as "30s", "5m" or "1h30m" (units y, w, d, h, m, s, ms, in this order)';
const longest = 9_223_372_036_854;

/**
 * Prometheus' `model.ParseDuration`: whole numbers, each unit once, the greatest first; "0" needs no unit.
 * A day has 24 hours, a week 7 days, a year 365 days. No sign.
 * https://github.com/prometheus/common/blob/main/model/time.go
 */
export function parsePrometheusDuration(text: string): Parsed<Millis> {
  if (text === "0") return parsed(millis(0));
  const match = text === "" ? null : shape.exec(text);
  if (match === null) return refused(0, `"${text}"`, expected);
  const total = partMillis.reduce((sum, scale, index) => sum + Number(match[index + 1] ?? 0) * scale, 0);
  if (total > longest) return refused(0, `"${text}"`, "a duration below 292 years");
  return parsed(millis(total));
}

/** The shortest text that parses back to the same duration: "1h30m", "90s" becomes "1m30s". Whole milliseconds. */
export function formatPrometheusDuration(duration: Millis): string {
  if (duration === 0) return "0s";
  let rest = Math.round(duration);
  let text = "";
  for (const [index, name] of partNames.entries()) {
    const scale = partMillis[index] ?? 1;
    // Weeks and years are printed only where they fit exactly, as Prometheus does, for people count in days.
    if ((name === "y" || name === "w") && rest % scale !== 0) continue;
    const count = Math.floor(rest / scale);
    if (count > 0) text += `${count}${name}`;
    rest -= count * scale;
  }
  return text;
}
