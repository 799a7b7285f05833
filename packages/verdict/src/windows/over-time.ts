import type { Millis } from "@sluice/kernel";
import type { PlaceboWindow, Tolerances, VersionServed } from "./window.ts";

/** Two times differ by more than two versions side by side do: so much of a change isn't held against a switch. */
const overTime: Tolerances = { failures: 1.5, latency: 1.5, conversions: 0.95 };

/** What a Judgement says of tolerances, as far as it does. */
export interface AskedTolerances {
  readonly tolerances?:
    | {
        readonly failuresPercent?: number;
        readonly latencyPercent?: number;
        readonly conversionsPercent?: number;
      }
    | undefined;
  readonly comparedWith?: "meanwhile" | "before" | undefined;
}

/** As factors on what the other version does. */
export function tolerancesOf({ tolerances, comparedWith }: AskedTolerances): Tolerances {
  const { failuresPercent = 10, latencyPercent = 5, conversionsPercent = 1 } = tolerances ?? {};
  const asked = {
    failures: 1 + failuresPercent / 100,
    latency: 1 + latencyPercent / 100,
    conversions: 1 - conversionsPercent / 100,
  };
  if (comparedWith !== "before") return asked;
  return {
    failures: Math.max(asked.failures, overTime.failures),
    latency: Math.max(asked.latency, overTime.latency),
    conversions: Math.min(asked.conversions, overTime.conversions),
  };
}

/** How much one version differs from itself half of these windows ago: what a comparison with before has to forgive. */
export function pairsOverTime(windows: readonly VersionServed[], lasts: Millis): readonly PlaceboWindow[] {
  const apart = Math.floor(windows.length / 2);
  return windows.slice(apart).flatMap((second, index) => {
    const first = windows[index];
    return first === undefined ? [] : [{ lasts, first, second }];
  });
}
