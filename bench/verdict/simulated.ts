// Releases to learn from: four generators of different physics, every parameter drawn anew.
import { seededRandom } from "@sluice/kernel";
import type { Playback } from "@sluice/verdict/training";
import { Chance } from "./chance.ts";
import { LayeredWorld } from "./layered-world.ts";
import { LoneWorld } from "./lone-world.ts";
import { playBack } from "./playback.ts";
import { QueueingWorld, type Release } from "./queueing-world.ts";
import { type TracedHarm, type TracedNuisance, TraceWorld } from "./trace-world.ts";
import type { World } from "./world.ts";

const worlds = {
  layered: ({ random }, isBad) => new LayeredWorld(random, isBad),
  queueing: (chance, isBad) => {
    const release = queueingRelease(chance, isBad);
    return new QueueingWorld(chance.random, release, chance.magnitude(1, 300), chance.pick([5, 10, 10, 30]), 0.05);
  },
  traces: (chance, isBad) => {
    const [harm, nuisance] = [isBad ? tracedHarm(chance) : {}, tracedNuisance(chance)];
    return new TraceWorld(chance.random, chance.magnitude(1, 400), chance.pick([5, 10, 10, 30]), harm, nuisance);
  },
  lone: (chance, isBad) => {
    const failing = chance.is(0.4);
    const harm = failing ? { failing: chance.magnitude(0.02, 0.5) } : { slower: chance.magnitude(1.5, 4) };
    return new LoneWorld(chance.random, chance.magnitude(0.3, 4), isBad ? harm : {});
  },
  // Two equals that differ by more than most do: what a history of half an hour doesn't show.
  rough: ({ random }, isBad) => new LayeredWorld(random, isBad, 1.7),
} satisfies Readonly<Record<string, (chance: Chance, isBad: boolean) => World>>;

export type WorldName = keyof typeof worlds;

/** So that no two releases of a set have one seed. */
const seedsFrom: Readonly<Record<WorldName, number>> = {
  layered: 0,
  rough: 100_000,
  queueing: 250_000,
  traces: 500_000,
  lone: 750_000,
};

/** How many releases of each world. */
export type Sizes = Readonly<Partial<Record<WorldName, number>>>;

/** `set` keeps the seeds of training, calibration and holdout apart. `badShare`: of harmful releases. */
export function simulate(set: number, sizes: Sizes, badShare: number): Playback[] {
  const isBad = (index: number) => Math.floor((index + 1) * badShare) > Math.floor(index * badShare);
  return (Object.keys(worlds) as WorldName[]).flatMap((name) =>
    Array.from({ length: sizes[name] ?? 0 }, (_, index) => {
      const chance = new Chance(seededRandom(1_000_000 * set + seedsFrom[name] + index));
      return playBack(worlds[name](chance, isBad(index)), isBad(index));
    }),
  );
}

function tracedNuisance(chance: Chance): TracedNuisance {
  return {
    ...(chance.is(0.6) ? { coldCache: true } : {}),
    ...(chance.is(0.3) ? { poolSeconds: chance.between(15, 60) } : {}),
    ...(chance.is(0.4) ? { retries: chance.between(0.2, 1.5) } : {}),
    ...(chance.is(0.3) ? { batch: true } : {}),
    ...(chance.is(0.3) ? { pauses: true } : {}),
    ...(chance.is(0.3) ? { sticky: chance.between(0, 0.04) } : {}),
  };
}

function tracedHarm(chance: Chance): TracedHarm {
  const harm = chance.pick<() => TracedHarm>([
    () => ({ failing: chance.magnitude(0.004, 0.5) }),
    () => ({ work: chance.magnitude(1.2, 4) }),
    () => ({ work: chance.magnitude(1.2, 4) }),
    () => ({ uncached: chance.between(0.2, 0.9) }),
    () => ({ lost: chance.between(0.1, 0.6) }),
  ])();
  return { ...harm, ...(chance.is(0.3) ? { onset: chance.between(100, 2000) } : {}) };
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
