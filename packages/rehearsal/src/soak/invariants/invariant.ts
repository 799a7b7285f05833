const titles = {
  settles: "with time frozen the controllers come to rest",
  weight: "no version has more traffic than its step allows",
  quarantine: "a version that was judged bad gets no traffic until a person says so",
  ready: "no user is sent to a version or a pod that isn't ready",
  enough: "no rolling update takes more pods than it may",
  why: "each abort, promotion and rise of what a version may have has its Decision",
  ends: "every release ends, or asks a person",
  agrees: "git, routes, workloads and what asks for them say the same in the end",
} as const;

export type Invariant = keyof typeof titles;
export const invariants = Object.entries(titles) as readonly [Invariant, string][];

/** What was violated, in a sentence with figures. */
export class Violated extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, found: string) {
    super(`${invariant} (${titles[invariant]}): ${found}`);
    this.invariant = invariant;
  }
}

/** Checks, and counts what was checked. */
export class Checks {
  readonly counts = new Map<Invariant, number>();
  readonly #since = new Map<string, number>();

  holds(invariant: Invariant, isTrue: boolean, found: () => string): void {
    this.counts.set(invariant, (this.counts.get(invariant) ?? 0) + 1);
    if (!isTrue) throw new Violated(invariant, found());
  }

  /** May be untrue for as long as news takes. `what` names the one thing that is looked at again and again. */
  holdsSoon(invariant: Invariant, what: string, isTrue: boolean, at: number, found: () => string): void {
    const key = `${invariant} ${what}`;
    const since = this.#since.get(key) ?? at;
    if (isTrue) this.#since.delete(key);
    else this.#since.set(key, since);
    this.holds(invariant, isTrue || at - since <= newsTakesAtMost, () => `${found()}, for ${at - since} ms`);
  }
}

/** After a gap the watches begin anew 100 ms later, conflicts are tried again, and a node tells its router by itself. */
const newsTakesAtMost = 1000;
