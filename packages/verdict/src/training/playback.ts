import { createJudge, type Judge, type Verdict } from "../judge.ts";
import { barOf, natsIn } from "../learned/bar.ts";
import { inputNames } from "../learned/inputs.ts";
import { type Family, families, type TreeModel } from "../learned/trees.ts";
import type { JudgedRelease, JudgedWindow, Tolerances } from "../windows/window.ts";

/** Sees everything and says nothing: what training plays with. */
export const silent: TreeModel = { version: 2, inputs: inputNames, parts: {} };

const asks = { base: 0, neutral: 99, trees: [] };

/** Asks for as much evidence as may be, so that releases are played for as long as any model could make them last. */
export const patientOf = (known: readonly Family[]): TreeModel => ({
  ...silent,
  parts: Object.fromEntries(known.map((family) => [family, asks])),
});

export interface Look {
  readonly time: number;
  readonly seconds: number;
  /** Absent where there is so little evidence that no model makes anything of it. */
  readonly inputs: Float32Array | undefined;
  /** A rollback here counts as one that no model keeps: what one makes of the last look can't be played back. */
  readonly action: Verdict["action"];
  readonly isHarmful: boolean;
  /** Harm on users in this window, in any unit that adds up over a release. */
  readonly harm: number;
}

/** Less evidence teaches nothing. */
export const tellingNats = 2;

/** What training asks of a window. */
export function lookOf(
  { ends, lasts, weight, stable }: JudgedWindow,
  { action }: Verdict,
  inputs: readonly number[] | undefined,
  isHarmful: boolean,
  known: readonly Family[],
): Look {
  const isTelling =
    stable !== undefined && inputs !== undefined && known.some((family) => natsIn(family, inputs) >= tellingNats);
  return {
    time: ends / 1000,
    seconds: lasts / 1000,
    inputs: isTelling ? Float32Array.from(inputs) : undefined,
    action,
    isHarmful,
    harm: isHarmful ? (weight * lasts) / 3_600_000 : 0,
  };
}

/** One release, played so that any model can be tried on it afterwards. */
export interface Playback {
  readonly isBad: boolean;
  readonly looks: readonly Look[];
  /** Where it counts more than one release, as in a team's own history. */
  readonly weight?: number;
}

/** When a model would have ended it; undefined: never. */
export function endOf({ looks }: Playback, model: TreeModel): number | undefined {
  const isEnough = (inputs: Float32Array) =>
    families.some((family) => natsIn(family, inputs) >= barOf(model, family, inputs));
  return looks.find(({ action, inputs }) => action === "rollback" || (inputs !== undefined && isEnough(inputs)))?.time;
}

export interface Outcomes {
  readonly good: number;
  readonly falseRollbacks: number;
  readonly bad: number;
  readonly caught: number;
  /** Mean of bad releases. */
  readonly harm: number;
  /** Of what was caught, from the harm's beginning. */
  readonly medianDelay: number;
}

export function outcomesOf(playbacks: readonly Playback[], model: TreeModel): Outcomes {
  let [good, falseRollbacks, bad, caught, harm] = [0, 0, 0, 0, 0];
  const delays: number[] = [];
  for (const playback of playbacks) {
    const end = endOf(playback, model);
    const onset = playback.looks.find(({ isHarmful }) => isHarmful);
    if (!playback.isBad) {
      good++;
      if (end !== undefined) falseRollbacks++;
      continue;
    }
    if (onset === undefined) continue;
    bad++;
    for (const look of playback.looks) if (end === undefined || look.time <= end) harm += look.harm;
    // Ended before it was harmful: nobody can claim that.
    if (end === undefined || end < onset.time) continue;
    caught++;
    delays.push(end - onset.time + onset.seconds);
  }
  delays.sort((left, right) => left - right);
  const medianDelay = delays[Math.floor(delays.length / 2)] ?? 0;
  return { good, falseRollbacks, bad, caught, harm: bad > 0 ? harm / bad : 0, medianDelay };
}

/** A release of a team's own, and what people made of it. */
export interface PastRelease {
  readonly release: JudgedRelease;
  readonly tolerances: Tolerances;
  readonly outcome: "promoted" | "rolledBack";
}

/** What people decided against the verdict teaches more than what they let it decide. */
const disagreementWeight = 3;

/** Plays a past release, window by window, and keeps what training asks of each: what people decided counts, whatever the verdict was. */
export class PastPlayback {
  readonly #isBad: boolean;
  readonly #judge: Judge;
  readonly #looks: Look[] = [];
  #since = 0;
  #wasEnded = false;
  #isCompared = false;

  constructor({ release, tolerances, outcome }: PastRelease) {
    this.#isBad = outcome === "rolledBack";
    this.#judge = createJudge(release, tolerances, { learned: patientOf(families) });
  }

  show(window: JudgedWindow, { action }: Pick<Verdict, "action">): void {
    const verdict = this.#judge.observe(window);
    this.#since = verdict.evidence[0]?.since ?? 0;
    this.#looks.push(lookOf(window, verdict, this.#judge.inputs, this.#isBad, families));
    this.#wasEnded ||= action === "rollback";
    this.#isCompared ||= window.canary.requests > 0 && (window.stable?.requests ?? 0) > 0;
  }

  /** Undefined where nothing was compared: a preview that nobody asked anything went well for no reason. */
  playback(): Playback | undefined {
    if (!this.#isCompared) return undefined;
    // Nobody wrote down when the harm began: the strongest evidence at the end says since when it speaks.
    const told = this.#looks.map((look) => (look.time > this.#since ? look : { ...look, isHarmful: false, harm: 0 }));
    return { isBad: this.#isBad, looks: told, weight: this.#wasEnded === this.#isBad ? 1 : disagreementWeight };
  }
}
