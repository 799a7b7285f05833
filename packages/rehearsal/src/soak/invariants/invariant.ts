const titles = {
  sound: "no controller meets a fault of its own",
  settles: "with time frozen the controllers come to rest",
  weight: "no version has more traffic than its step allows",
  quarantine: "a version that was judged bad gets no traffic until a person says so",
  ready: "no user is sent to a version or a pod that isn't ready",
  enough: "no rolling update takes more pods than it may",
  why: "each abort, promotion, switch and rise of what a version may have has its Decision, and what one says was done",
  budget: "what controllers do of themselves leaves as many pods as a PodDisruptionBudget asks for",
  gone: "what is deleted takes all with it that is its own, and nothing else",
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
  readonly #untrue = new Map<string, { readonly since: number; readonly look: number }>();
  #look = 0;

  /** Everything is about to be looked at once more. */
  begin(): void {
    this.#look++;
  }

  holds(invariant: Invariant, isTrue: boolean, found: () => string): void {
    this.counts.set(invariant, (this.counts.get(invariant) ?? 0) + 1);
    if (!isTrue) throw new Violated(invariant, found());
  }

  /**
   * May be untrue for as long as news takes. `what` names the one thing that is looked at again and again; once there was
   * nothing of it to look at, it begins anew.
   */
  holdsSoon(
    invariant: Invariant,
    what: string,
    isTrue: boolean,
    at: number,
    found: () => string,
    atMost = newsTakesAtMost,
  ): void {
    const key = `${invariant} ${what}`;
    const known = this.#untrue.get(key);
    const since = known !== undefined && known.look >= this.#look - 1 ? known.since : at;
    if (isTrue) this.#untrue.delete(key);
    else this.#untrue.set(key, { since, look: this.#look });
    this.holds(invariant, isTrue || at - since <= atMost, () => `${found()}, for ${at - since} ms`);
  }
}

/** After a gap the watches begin anew 100 ms later, conflicts are tried again, and a node tells its router by itself. */
const newsTakesAtMost = 1000;
