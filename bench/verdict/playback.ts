import { createJudge, inputNames, type TreeModel, type Verdict, weighed } from "@sluice/verdict";
import type { World } from "./world.ts";

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

/** Plays a release to its end, or to the rollback that proof alone brings. */
export function playBack(world: World, isBad: boolean): Playback {
  const judge = createJudge(world.release, undefined, { learned: silent });
  const looks: Look[] = [];
  const seconds = world.windowSeconds;
  let [step, stepAge] = [0, 0];
  for (let time = 0; time < 7200; time += seconds) {
    const current = world.release.plan[step];
    if (current === undefined) break;
    const { action, nats } = judge.observe(world.window(time, current.weight, step, stepAge));
    const isHarmful = isBad && world.isHarmful(time, current.weight);
    looks.push({
      time: time + seconds,
      seconds,
      inputs: judge.inputs === undefined ? undefined : Float32Array.from(judge.inputs),
      nats,
      action,
      isHarmful,
      harm: isHarmful ? (current.weight * seconds) / 3600 : 0,
    });
    if (action === "rollback" || current.weight >= 1) break;
    if (action === "continue") stepAge += seconds;
    if (stepAge * 1000 >= current.lasts) {
      step++;
      stepAge = 0;
    }
  }
  return { isBad, looks };
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
