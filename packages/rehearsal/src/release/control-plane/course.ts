import type { Decision } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import type { Ask } from "./ask.ts";
import type { Objects } from "./world.ts";

/** The controllers have come to rest: all that goes on is what they wait for. */
export interface Rest {
  readonly objects: Objects;
  readonly decisions: readonly Decision[];
  readonly routeChanges: number;
  readonly nextDue: Instant | undefined;
  /** By what comes next. */
  readonly ways: Map<string, Way>;
}

/** What the controllers do next; undefined where nobody has come by yet. */
export interface Way {
  turn: Turn | undefined;
}

export type Turn =
  | { readonly is: "asks"; readonly ask: Ask; readonly ways: Map<string, Way> }
  /** Nobody waits any more for the answer to the question of this number. */
  | { readonly is: "drops"; readonly question: number; readonly way: Way }
  | { readonly is: "rests"; readonly rest: Rest };

/**
 * Everything that the controllers were seen to do from one beginning, as a tree: it forks where they were told something of
 * another meaning, or at another time.
 */
export interface Course {
  readonly start: Way;
  /** How many of its places are kept. */
  rests: number;
}

export const newCourse = (): Course => ({ start: { turn: undefined }, rests: 0 });

export function wayOf(ways: Map<string, Way>, name: string): Way {
  const way = ways.get(name) ?? { turn: undefined };
  ways.set(name, way);
  return way;
}
