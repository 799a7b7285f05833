import { allOf } from "../windows/sound-window.ts";
import type { JudgedRelease, Served, VersionServed } from "../windows/window.ts";
import type { PlaceboScore } from "./noise.ts";

type Pair = readonly [events: number, exposure: number, otherEvents: number, otherExposure: number];

export function scoreOf(pairs: readonly Pair[]): PlaceboScore {
  let score = 0;
  let information = 0;
  for (const [events, exposure, otherEvents, otherExposure] of pairs) {
    const sum = events + otherEvents;
    if (sum <= 0 || exposure <= 0 || otherExposure <= 0) continue;
    const share = exposure / (exposure + otherExposure);
    score += events - sum * share;
    information += sum * share * (1 - share);
  }
  return { score, information };
}

/** Of counts by endpoint, one score a window of the history. */
export function placeboOf(
  release: JudgedRelease,
  endpoints: number,
  count: (served: Served, endpoint: number) => number,
  exposure: (served: Served) => number = (served) => served.requests,
): PlaceboScore[] {
  const pairsOf = (first: VersionServed, second: VersionServed): Pair[] =>
    Array.from({ length: endpoints }, (_, endpoint): Pair => {
      const one = allOf(first)[endpoint];
      const other = allOf(second)[endpoint];
      if (one === undefined || other === undefined) return [0, 0, 0, 0];
      return [count(one, endpoint), exposure(one), count(other, endpoint), exposure(other)];
    });
  return release.history.map(({ first, second }) => scoreOf(pairsOf(first, second)));
}
