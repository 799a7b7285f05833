import { randomInteger, seededRandom } from "@sluice/kernel";
import { expect } from "vitest";
import { World, type WorldOptions } from "./world.ts";

export interface Scenario {
  readonly world: Omit<WorldOptions, "crash" | "stale" | "contested">;
  /** What the user and the outside do; ends when the story is told. */
  readonly story: (world: World) => Promise<void>;
  /** The picture that must be the same in the end: no uids, versions or timestamps in it. */
  readonly end: (world: World) => Promise<unknown>;
}

async function play(scenario: Scenario, options: Partial<WorldOptions> = {}) {
  const world = await World.create({ ...scenario.world, ...options });
  await scenario.story(world);
  const end = await scenario.end(world);
  world.stop();
  return { world, end };
}

type Crash = NonNullable<WorldOptions["crash"]>;

/** One before and one after each effect from the `first` on, in order. */
export const crashesBetween = (first: number, end: number): readonly Crash[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, index): Crash[] => [
    { at: first + index, when: "before" },
    { at: first + index, when: "after" },
  ]).flat();

/** With time frozen nothing more is written, and a process that starts anew finds nothing to do. */
export async function settles(scenario: Scenario): Promise<void> {
  const { world } = await play(scenario);
  const { writes } = world;

  await world.restart();

  expect(world.writes - writes, `it went on writing: ${world.story.slice(-5).join(" / ")}`).toBe(0);
  world.stop();
}

/** A crash before or after any effect changes nothing in the end. `points` seeded ones out of all. */
export async function survivesCrashes(scenario: Scenario, { points = 50, seed = 1 } = {}): Promise<void> {
  const calm = await play(scenario);
  const random = seededRandom(seed);
  const every = [...crashesBetween(0, calm.world.effects)];
  while (every.length > points) every.splice(randomInteger(random, every.length), 1);
  expect(every.length, "the story has no effect to crash at").toBeGreaterThan(0);

  for (const crash of every) {
    const { end, world } = await play(scenario, { crash });

    expect(
      world.story.some((line) => line.startsWith("crash")),
      `effect ${crash.at} never came`,
    ).toBe(true);
    expect(end, `after a crash ${crash.when} effect ${crash.at}`).toEqual(calm.end);
  }
}

/** Late news changes nothing in the end. */
export async function survivesStaleReads(scenario: Scenario, { seeds = 10 } = {}): Promise<void> {
  const calm = await play(scenario);

  for (let seed = 1; seed <= seeds; seed++) {
    const { end } = await play(scenario, { stale: true, seed });

    expect(end, `seed ${seed}`).toEqual(calm.end);
  }
}

/** That objects are modified by others just before they are written changes nothing in the end, and stalls nothing. */
export async function survivesConflicts(scenario: Scenario, { seeds = 5 } = {}): Promise<void> {
  const calm = await play(scenario);

  for (let seed = 1; seed <= seeds; seed++) {
    const { end, world } = await play(scenario, { contested: true, seed });

    expect(
      world.story.some((line) => line.endsWith("(conflict)")),
      "nothing was contested",
    ).toBe(true);
    expect(end, `seed ${seed}`).toEqual(calm.end);
  }
}
