// Releases to learn from: two generators of different physics, every parameter drawn anew.
import { seededRandom } from "@sluice/kernel";
import type { Playback } from "@sluice/verdict/training";
import { Chance } from "./chance.ts";
import { LayeredWorld } from "./layered-world.ts";
import { playBack } from "./playback.ts";
import { QueueingWorld, type Release } from "./queueing-world.ts";

export interface Sizes {
  readonly layered: number;
  readonly queueing: number;
}

/** `set` keeps the seeds of training, calibration and holdout apart. `badShare`: of harmful releases. */
export function simulate(set: number, sizes: Sizes, badShare: number, progress: (done: number) => void): Playback[] {
  const playbacks: Playback[] = [];
  const isBad = (index: number) => Math.floor((index + 1) * badShare) > Math.floor(index * badShare);
  for (let index = 0; index < sizes.layered; index++) {
    const random = seededRandom(1_000_000 * set + index);
    playbacks.push(playBack(new LayeredWorld(random, isBad(index)), isBad(index)));
    progress(playbacks.length);
  }
  for (let index = 0; index < sizes.queueing; index++) {
    const random = seededRandom(1_000_000 * set + 500_000 + index);
    const chance = new Chance(random);
    const release = queueingRelease(chance, isBad(index));
    const world = new QueueingWorld(random, release, chance.magnitude(1, 300), chance.pick([5, 10, 10, 30]), 0.05);
    playbacks.push(playBack(world, isBad(index)));
    progress(playbacks.length);
  }
  return playbacks;
}

function queueingRelease(chance: Chance, isBad: boolean): Release {
  const nuisances: Release = {
    ...(chance.is(0.4) ? { coldSeconds: chance.magnitude(20, 140), coldSlower: chance.between(0, 2) } : {}),
    ...(chance.is(0.3) ? { moreMemory: chance.between(0.85, 1.2) } : {}),
    ...(chance.is(0.15) ? { noisyNode: chance.between(0.99, 1.012) } : {}),
    ...(chance.is(0.2)
      ? {
          outage: {
            from: chance.between(100, 2500),
            seconds: chance.between(60, 700),
            failing: chance.magnitude(0.01, 0.3),
          },
        }
      : {}),
  };
  if (!isBad) return { ...nuisances, ...(chance.is(0.2) ? { slowerService: chance.between(0.8, 1) } : {}) };
  const harm = chance.pick<() => Release>([
    () => ({ failing: chance.magnitude(0.003, 0.5) }),
    () => ({ failing: chance.magnitude(0.05, 0.6), failingEndpoint: Math.floor(8 * chance.unit()) }),
    () => ({ slowerService: chance.magnitude(1.12, 3) }),
    () => ({ timeouts: chance.magnitude(0.005, 0.1) }),
    () => ({ lostConversions: chance.between(0.1, 0.6) }),
    () => ({ leakAnHour: chance.magnitude(0.4, 3) }),
  ])();
  return { ...nuisances, ...harm, ...(chance.is(0.3) ? { onset: chance.between(100, 2000) } : {}) };
}
