import { parseInstant } from "@sluice/kernel";
import type { Interval } from "@sluice/rehearsal";
import type { EndedRelease } from "./ended-releases.ts";
import type { Prediction } from "./predictions.ts";

/** One number of a release: what was predicted, and what it came to. */
export interface Compared {
  readonly predicted: Interval;
  readonly actual: number;
  readonly isWithin: boolean;
}

export interface ComparedRelease {
  readonly release: EndedRelease;
  /** The last prediction that was kept before it; undefined where none was. */
  readonly keptAt: string | undefined;
  readonly duration: Compared | undefined;
  readonly harmed: Compared | undefined;
}

export interface Calibration {
  readonly releases: readonly ComparedRelease[];
  /** How many of those compared lay where nine in ten should. */
  readonly within: {
    readonly durations: readonly [number, number];
    readonly harms: readonly [number, number];
  };
  /** Of the releases with a prediction: taken back, and the share of good ones that was predicted to be. */
  readonly rolledBack: number;
  readonly predictedFalseAborts: number | undefined;
}

/** Each release beside what was predicted before it began. */
export function calibrated(releases: readonly EndedRelease[], predictions: readonly Prediction[]): Calibration {
  const compared = releases.map((release): ComparedRelease => {
    const before = predictions.filter(
      ({ rollout, keptAt }) => rollout === release.rollout && (parseInstant(keptAt) ?? 0) <= release.beganAt,
    );
    return compare(release, before.at(-1));
  });
  const known = compared.filter(({ keptAt }) => keptAt !== undefined);
  const within = (all: readonly (Compared | undefined)[]): readonly [number, number] => {
    const there = all.filter((one) => one !== undefined);
    return [there.filter(({ isWithin }) => isWithin).length, there.length];
  };
  return {
    releases: compared,
    within: {
      durations: within(compared.map(({ duration }) => duration)),
      harms: within(compared.map(({ harmed }) => harmed)),
    },
    rolledBack: known.filter(({ release }) => release.outcome === "rolledBack").length,
    predictedFalseAborts: predictions.at(-1)?.falseAborts,
  };
}

function compare(release: EndedRelease, prediction: Prediction | undefined): ComparedRelease {
  if (prediction === undefined) return { release, keptAt: undefined, duration: undefined, harmed: undefined };
  const { good, bad } = prediction.predicted;
  const isGood = release.outcome === "promoted";
  // A release that went through harmed nobody by what is known of it: there is nothing to compare.
  const harmed = isGood || bad === undefined || release.harmed === undefined ? undefined : [bad.harmed, release.harmed];
  const duration = isGood ? good : bad?.seconds;
  return {
    release,
    keptAt: prediction.keptAt,
    duration: duration === undefined ? undefined : against(duration, release.seconds, clockSeconds),
    harmed: harmed === undefined ? undefined : against(harmed[0] as Interval, harmed[1] as number),
  };
}

/** Pauses end at whole seconds: at which part of one a release will begin nobody predicts. */
const clockSeconds = 1;

const against = (predicted: Interval, actual: number, rounding = 0): Compared => ({
  predicted,
  actual,
  isWithin: actual >= predicted.low - rounding && actual <= predicted.high + rounding,
});
