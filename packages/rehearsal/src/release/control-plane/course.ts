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
 * another meaning, or at another time. A way is named by what was told, its turn is what they did then:
 *
 *     start: rests ── "time": asks 0 ─┬─ "Successful": rests ── "time": …
 *                                     └─ "Failed": rests ── "time": …
 */
export interface Course {
  readonly start: Way;
  /** How many of its places are kept. */
  rests: number;
}

/** More would be kept of rare ways than is gained by knowing them: some 40 MB. */
export const mostRests = 4000;

export const newCourse = (): Course => ({ start: { turn: undefined }, rests: 0 });

export const isFull = ({ rests }: Course): boolean => rests >= mostRests;

/** The way of that name, begun where nobody has come by; undefined where there is no room for another. */
export function wayOf(course: Course, ways: Map<string, Way>, name: string): Way | undefined {
  const known = ways.get(name);
  if (known !== undefined || isFull(course)) return known;
  const way: Way = { turn: undefined };
  ways.set(name, way);
  return way;
}
