import { createJudge, type Verdict } from "../judge.ts";
import { inputNames } from "../learned/inputs.ts";
import type { TreeModel } from "../learned/trees.ts";
import { weighed } from "../learned/weighed.ts";
import type { JudgedRelease, JudgedWindow, Tolerances } from "../window.ts";

/** Sees everything and says nothing: what training plays with. */
export const silent: TreeModel = {
  version: 1,
  inputs: inputNames,
  base: -99,
  sure: 99,
  sureAtOnce: 99,
  suspicious: 99,
  trees: [],
};

export interface Look {
  readonly time: number;
  readonly seconds: number;
  readonly inputs: Float32Array | undefined;
  readonly nats: number;
  readonly action: Verdict["action"];
  readonly isHarmful: boolean;
  /** Harm on users in this window, in any unit that adds up over a release. */
  readonly harm: number;
}

/** One release under proof alone, so that any model can be tried on it afterwards. */
export interface Playback {
  readonly isBad: boolean;
  readonly looks: readonly Look[];
  /** Where it counts more than one release, as in a team's own history. */
  readonly weight?: number;
}

/** When a model would have ended it; undefined: never. */
export function endOf({ looks }: Playback, model: TreeModel): number | undefined {
  let sureSince: number | undefined;
  for (const { time, inputs, action } of looks) {
    if (action === "rollback") return time;
    if (inputs === undefined) continue;
    const score = weighed(model, inputs);
    if (score < model.sure) sureSince = undefined;
    else sureSince ??= time;
    const stays = sureSince !== undefined && time - sureSince >= 9.5;
    if (stays || score >= model.sureAtOnce) return time;
  }
  return undefined;
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

/** A release of a team's own, as it was kept, and what people made of it. */
export interface PastRelease {
  readonly release: JudgedRelease;
  readonly tolerances: Tolerances;
  readonly windows: readonly { readonly window: JudgedWindow; readonly verdict: Pick<Verdict, "action"> }[];
  readonly outcome: "promoted" | "rolledBack";
}

/** What people decided against the verdict teaches more than what they let it decide. */
const disagreementWeight = 3;

/** The same for a past release: what people decided counts, whatever the verdict was. */
export function playbackOf({ release, tolerances, windows, outcome }: PastRelease): Playback {
  const isBad = outcome === "rolledBack";
  const judge = createJudge(release, tolerances, { learned: silent });
  const judged = windows.map(({ window }) => ({ window, verdict: judge.observe(window), inputs: judge.inputs }));
  // Nobody wrote down when the harm began: the strongest evidence at the end says since when it speaks.
  const since = judged.at(-1)?.verdict.evidence[0]?.since ?? 0;
  const looks = judged.map(({ window, verdict, inputs }): Look => {
    const time = window.ends / 1000;
    const seconds = window.lasts / 1000;
    const isHarmful = isBad && time > since;
    const harm = isHarmful ? (window.weight * seconds) / 3600 : 0;
    const seen = inputs === undefined || window.stable === undefined ? undefined : Float32Array.from(inputs);
    return { time, seconds, inputs: seen, nats: verdict.nats, action: verdict.action, isHarmful, harm };
  });
  const wasEnded = windows.some(({ verdict }) => verdict.action === "rollback");
  return { isBad, looks, weight: wasEnded === isBad ? 1 : disagreementWeight };
}
