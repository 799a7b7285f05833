// From releases played back to a model, and whether it is better than another.
import { seededRandom } from "@sluice/kernel";
import { goodWeight, natsIn, neutralFor } from "../learned/bar.ts";
import { inputNames, rising } from "../learned/inputs.ts";
import { type Family, scoreOf, type TreeModel, type Trees } from "../learned/trees.ts";
import { boost, type Examples } from "./boost.ts";
import { endOf, type Outcomes, outcomesOf, type Playback, silent, tellingNats } from "./playback.ts";

export interface LearnOptions {
  readonly trees: number;
  readonly depth: number;
  readonly seed: number;
  /** What the model is to have a say in. */
  readonly families: readonly Family[];
  /** A model that was learned from many more releases: what is learned here is added to it. */
  readonly onto?: TreeModel | undefined;
}

const examplesEverySeconds = 20;
/** A release that is doubted for long teaches no more than so many examples. */
const examplesMax = 8;
/** Right after its onset a harm can't be seen; such windows would only teach suspicion. */
const blindSeconds = 15;
const folds = 3;
/** So many good releases of those that proof alone ends may be ended: room for worlds that weren't tried. */
const allowedShare = 0.9;
/** Log odds beyond the good release that asks for most. */
const distance = 0.05;
/** A neutral score that asks for as much as may be: good releases come to any evidence. */
const unreachable = 99;

/**
 * Trees from playbacks, by family. How much evidence stands for which score is set on good releases of which the trees that
 * score them saw nothing: fewer of them are ended than by proof alone.
 */
export function learn(playbacks: readonly Playback[], options: LearnOptions): TreeModel {
  const parts = options.families.flatMap((family) => {
    const part = learnPart(playbacks, family, options);
    return part === undefined ? [] : [[family, part] as const];
  });
  return { ...silent, parts: { ...options.onto?.parts, ...Object.fromEntries(parts) } };
}

/** Undefined where nothing can be learned of the family. */
function learnPart(playbacks: readonly Playback[], family: Family, options: LearnOptions): Trees | undefined {
  const grown = grow(playbacks, family, options);
  if (grown === undefined) return undefined;
  const asked: number[] = [];
  let ended = 0;
  for (let fold = 0; fold < folds; fold++) {
    const others = playbacks.filter((_, index) => index % folds !== fold);
    const part = grow(others, family, options) ?? grown;
    for (const [index, playback] of playbacks.entries()) {
      if (playback.isBad || index % folds !== fold) continue;
      asked.push(neutralOf(playback, family, part));
      if (endOf(playback, silent) !== undefined) ended++;
    }
  }
  asked.sort((left, right) => right - left);
  const reached = asked[Math.floor(allowedShare * ended)] ?? Number.NEGATIVE_INFINITY;
  // Where no good release comes near, nothing says that more should be asked for.
  const neutral =
    reached > Number.NEGATIVE_INFINITY
      ? Math.min(unreachable, Math.ceil(100 * (reached + distance)) / 100)
      : Math.min(...examplesOf(playbacks, family).inputs.map((inputs) => scoreOf(grown, inputs)));
  // A team's few good releases may ask for more certainty, but can't show that less is enough.
  return { ...grown, neutral: Math.max(neutral, options.onto?.parts[family]?.neutral ?? neutral) };
}

function grow(
  playbacks: readonly Playback[],
  family: Family,
  { trees, depth, seed, onto }: LearnOptions,
): Omit<Trees, "neutral"> | undefined {
  const examples = examplesOf(playbacks, family);
  if (new Set(examples.labels).size < 2) return undefined;
  const risingInputs = new Set(inputNames.flatMap((name, index) => (rising.has(name) ? [index] : [])));
  const wanted = { trees, depth, rate: 0.12, ridge: 20, rising: risingInputs, onto: onto?.parts[family] };
  return boost(examples, wanted, seededRandom(seed));
}

function examplesOf(playbacks: readonly Playback[], family: Family): Examples {
  const inputs: Float32Array[] = [];
  const labels: number[] = [];
  const weights: number[] = [];
  for (const { isBad, looks, weight = 1 } of playbacks) {
    const onset = looks.find(({ isHarmful }) => isHarmful)?.time ?? Number.POSITIVE_INFINITY;
    let next = 0;
    const chosen = looks.filter(({ inputs: seen, time, isHarmful, action }) => {
      if (time < next || seen === undefined || action === "rollback" || natsIn(family, seen) < tellingNats)
        return false;
      if (isHarmful ? time < onset + blindSeconds : time > onset) return false;
      next = time + examplesEverySeconds;
      return true;
    });
    for (const { inputs: seen, isHarmful } of chosen) {
      if (seen === undefined) continue;
      inputs.push(seen);
      labels.push(isHarmful ? 1 : 0);
      weights.push(weight * (isBad ? 1 : goodWeight) * Math.min(1, examplesMax / chosen.length));
    }
  }
  return { inputs, labels, weights };
}

/** The neutral score from which on this family doesn't end this good release. */
function neutralOf({ looks }: Playback, family: Family, part: Omit<Trees, "neutral">): number {
  const asked = looks.map(({ inputs, action }) => {
    if (action === "rollback") return Number.POSITIVE_INFINITY;
    return inputs === undefined ? Number.NEGATIVE_INFINITY : neutralFor(part, family, inputs);
  });
  return Math.max(...asked);
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
