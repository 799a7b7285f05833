import { type CanaryStep, pauseMillis } from "@sluice/api";

/** How much of the traffic the canary has, over the time of a release, as the steps say. */
export interface TrafficTimeline {
  /** When step `index` begins, in milliseconds since the release began. */
  startOf(index: number): number;
  /** The canary's share at a time, 0 to 1. */
  weightAt(time: number): number;
  /** Its mean share over the window that ends at `end`. */
  meanWeight(end: number, window: number): number;
}

/** A pause without end is long enough that everything before it has left every window. */
const withoutEnd = 24 * 3_600_000;

export function trafficTimeline(
  steps: readonly CanaryStep[],
  analysisMillis: (step: CanaryStep) => number = () => 0,
): TrafficTimeline {
  const starts: number[] = [];
  const changes: { at: number; weight: number }[] = [{ at: Number.NEGATIVE_INFINITY, weight: 0 }];
  let time = 0;
  for (const step of steps) {
    starts.push(time);
    if (step.setWeight !== undefined) changes.push({ at: time, weight: step.setWeight / 100 });
    if (step.pause !== undefined) {
      const pause = pauseMillis(step.pause) ?? withoutEnd;
      time += Number.isFinite(pause) ? pause : 0;
    }
    if (step.analysis !== undefined) time += analysisMillis(step);
  }
  changes.push({ at: time, weight: 1 });
  const end = time;
  const weightAt = (at: number): number => changes.findLast((change) => change.at <= at)?.weight ?? 0;
  return {
    startOf: (index) => starts[index] ?? end,
    weightAt,
    meanWeight: (until, window) => {
      if (window <= 0) return weightAt(until);
      let sum = 0;
      for (const [index, { at, weight }] of changes.entries()) {
        const from = Math.max(at, until - window);
        const to = Math.min(changes[index + 1]?.at ?? Number.POSITIVE_INFINITY, until);
        if (to > from) sum += weight * (to - from);
      }
      return sum / window;
    },
  };
}
