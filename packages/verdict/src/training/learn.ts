// From releases played back to a model, and whether it is better than another.
import { seededRandom } from "@sluice/kernel";
import { inputNames, rising } from "../learned/inputs.ts";
import type { TreeModel } from "../learned/trees.ts";
import { weighed } from "../learned/weighed.ts";
import { boost } from "./boost.ts";
import { type Outcomes, outcomesOf, type Playback } from "./playback.ts";

export interface LearnOptions {
  readonly trees: number;
  readonly depth: number;
  readonly seed: number;
  /** A model that was learned from many more releases: what is learned here is added to it. */
  readonly onto?: TreeModel | undefined;
}

const examplesEverySeconds = 60;
/** Right after its onset a harm can't be seen; such windows would only teach suspicion. */
const blindSeconds = 20;
/** A good release that is taken back costs more than a bad one seen a little later. */
const goodWeight = 4;

const strongest = inputNames.indexOf("strongest");
const shown = 1.5;

/** Trees from `training`; how sure they must be from good releases that they haven't seen. */
export function learn(
  training: readonly Playback[],
  calibration: readonly Playback[],
  options: LearnOptions,
): TreeModel {
  const inputs: Float32Array[] = [];
  const labels: number[] = [];
  const weights: number[] = [];
  for (const { isBad, looks, weight = 1 } of training) {
    // What never shows in failures or latency teaches nothing but suspicion.
    if (isBad && !looks.some((look) => (look.inputs?.[strongest] ?? 0) > shown)) continue;
    const onset = looks.find(({ isHarmful }) => isHarmful)?.time ?? 0;
    let next = 0;
    for (const look of looks) {
      if (look.inputs === undefined || look.time < next) continue;
      // Early looks decide how many users are harmed.
      next = look.time + Math.min(examplesEverySeconds, Math.max(look.seconds, (look.time - onset) / 6));
      if (look.isHarmful && look.time < onset + blindSeconds) continue;
      inputs.push(look.inputs);
      labels.push(look.isHarmful ? 1 : 0);
      weights.push(weight * (isBad ? 1 : goodWeight));
    }
  }
  const risingInputs = new Set(inputNames.flatMap((name, index) => (rising.has(name) ? [index] : [])));
  const grown = boost(
    { inputs, labels, weights },
    { trees: options.trees, depth: options.depth, rate: 0.12, ridge: 8, rising: risingInputs, onto: options.onto },
    seededRandom(options.seed),
  );
  const model: TreeModel = { version: 1, inputs: inputNames, sure: 99, sureAtOnce: 99, suspicious: 99, ...grown };
  const levels = levelsOf(model, calibration);
  const { onto } = options;
  if (onto === undefined) return { ...model, ...levels };
  // A team's few good releases may ask for more certainty, but can't show that less is enough.
  const sure = Math.max(levels.sure, onto.sure);
  const sureAtOnce = Math.max(levels.sureAtOnce, onto.sureAtOnce);
  return { ...model, sure, sureAtOnce, suspicious: Math.max(levels.suspicious, onto.suspicious) };
}

/** Distance from the highest score of a good release: chance leaves more room above few of them than above many. */
const distanceFrom = (good: number): number => 1 + 20 / Math.max(1, good);

/** What no good release of the calibration reaches, with a distance for those that weren't tried. */
function levelsOf(
  model: TreeModel,
  calibration: readonly Playback[],
): Pick<TreeModel, "sure" | "sureAtOnce" | "suspicious"> {
  const stays: number[] = [];
  const peaks: number[] = [];
  for (const { isBad, looks } of calibration) {
    if (isBad) continue;
    let [stay, peak] = [-99, -99];
    const recent: { time: number; score: number }[] = [];
    for (const { time, inputs } of looks) {
      if (inputs === undefined) continue;
      const score = weighed(model, inputs);
      peak = Math.max(peak, score);
      recent.push({ time, score });
      while ((recent[1]?.time ?? time) <= time - 9.5) recent.shift();
      if ((recent[0]?.time ?? time) <= time - 9.5) stay = Math.max(stay, Math.min(...recent.map((one) => one.score)));
    }
    stays.push(stay);
    peaks.push(peak);
  }
  const round = (value: number) => Math.round(100 * value) / 100;
  const highest = (values: number[]) => values.sort((left, right) => right - left);
  const sure = round((highest(stays)[0] ?? 99) + distanceFrom(stays.length));
  const sureAtOnce = round(Math.max(sure, (highest(peaks)[0] ?? 99) + 0.5 + distanceFrom(peaks.length)));
  // Of a hundred good releases one may be held for it.
  const suspicious = round(peaks[Math.floor(0.02 * peaks.length)] ?? 99);
  return { sure, sureAtOnce, suspicious };
}

/** Why the candidate must not replace the present model; undefined where it is at least as good. */
export function worseThan(candidate: Outcomes, present: Outcomes): string | undefined {
  if (candidate.falseRollbacks > present.falseRollbacks) {
    return `it takes back ${candidate.falseRollbacks} good releases of ${candidate.good}, the present one ${present.falseRollbacks}`;
  }
  if (candidate.harm > present.harm * 1.01) {
    return `it leaves ${percent(candidate.harm)} of an hour's users harmed by a bad release, the present one ${percent(present.harm)}`;
  }
  if (candidate.caught < present.caught * 0.995) {
    return `it catches ${candidate.caught} of ${candidate.bad} bad releases, the present one ${present.caught}`;
  }
  return undefined;
}

export function told(name: string, holdout: readonly Playback[], model: TreeModel): string {
  const { good, falseRollbacks, bad, caught, harm, medianDelay } = outcomesOf(holdout, model);
  return `${name}: ${falseRollbacks} of ${good} good taken back, ${caught} of ${bad} bad caught, median delay ${medianDelay} s, harm ${percent(harm)} of an hour's users`;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
