import { createJudge } from "@sluice/verdict";
import { type Look, type Playback, silent } from "@sluice/verdict/training";
import type { World } from "./world.ts";

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
