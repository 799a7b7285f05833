import type { Report } from "./problem.ts";

const unitMillis: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  ns: 0.000001,
};

/** Milliseconds of a Go duration such as `1m30s` or `250ms`; undefined where it is none, or shorter than 1 ms. */
function parseRouteDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|ns))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g)) {
    total += Number(amount) * (unitMillis[unit ?? ""] ?? 0);
  }
  return total >= 1 ? total : undefined;
}

export function compileDuration(text: string | undefined, path: string, report: Report): number | undefined {
  if (text === undefined || text === "0s") return undefined;
  const duration = parseRouteDuration(text);
  if (duration === undefined) report(path, text, "a duration of at least 1ms such as 10s", "no timeout until then");
  return duration;
}
