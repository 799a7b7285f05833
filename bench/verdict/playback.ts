import { createJudge } from "@sluice/verdict";
import { type Look, lookOf, type Playback, patientOf } from "@sluice/verdict/training";
import type { World } from "./world.ts";

/**
 * What the shipped model has a say in. Failures aren't: at as many good releases taken back it left as much harm on a
 * benchmark that it wasn't trained on.
 */
export const taught = ["slowness"] as const;

/** Plays a release to its end, or to the rollback that no model can keep. */
export function playBack(world: World, isBad: boolean): Playback {
  const judge = createJudge(world.release, undefined, { learned: patientOf(taught) });
  const looks: Look[] = [];
  const seconds = world.windowSeconds;
  let [step, stepAge] = [0, 0];
  for (let time = 0; time < 7200; time += seconds) {
    const current = world.release.plan[step];
    if (current === undefined) break;
    const window = world.window(time, current.weight, step, stepAge);
    const verdict = judge.observe(window);
    looks.push(lookOf(window, verdict, judge.inputs, isBad && world.isHarmful(time, current.weight), taught));
    if (verdict.action === "rollback" || current.weight >= 1) break;
    if (verdict.action === "continue") stepAge += seconds;
    if (stepAge * 1000 >= current.lasts) {
      step++;
      stepAge = 0;
    }
  }
  return { isBad, looks };
}
