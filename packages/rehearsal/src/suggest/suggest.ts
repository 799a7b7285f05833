import type { CanaryStep } from "@sluice/api";
import { faults } from "../model/fault.ts";
import type { Policy } from "../policy/policy.ts";
import type { ProfileName } from "../policy/profile.ts";
import { withSteps } from "../policy/with-steps.ts";
import type { RehearseOptions } from "../report/options.ts";
import { rehearse } from "../report/rehearse.ts";
import { candidatesFor } from "./candidates.ts";

export interface Weighed {
  /** Mean over the faults that it was searched with, of their medians. */
  readonly harmed: number;
  readonly seconds: number;
  /** 0..1 of good releases that were stopped. */
  readonly stopped: number;
}

/** The least harm in the same time, or the shortest time with the same harm. */
export type Aim = "leastHarm" | "shortest";

export interface Suggestion {
  readonly profile: ProfileName;
  readonly aim: Aim;
  readonly tried: number;
  /** That plans are weighed by: these, whichever were rehearsed. */
  readonly faults: readonly string[];
  readonly before: Weighed;
  /** Absent where nothing was found that is clearly better. */
  readonly better?: { readonly steps: readonly CanaryStep[]; readonly after: Weighed };
}

const searched = new Set([
  "error +1pp",
  "error +5pp",
  "error +50pp",
  "p95 x1.5",
  "p95 x3",
  "one endpoint",
  "only under load",
]);
/** Less than this isn't worth a change of what a team agreed on. */
const clearly = 0.9;
/** Of the time it takes now, what a shorter plan is tried with. */
const shares = [0.25, 0.4, 0.6, 0.8];

/** Other weights and pauses, by rehearsing each. */
export async function suggest(
  policy: Policy,
  profile: ProfileName,
  options: RehearseOptions,
  aim: Aim = "leastHarm",
): Promise<Suggestion> {
  const search = new Search(policy, profile, options);
  const steps = policy.rollout.spec.strategy.canary?.steps ?? [];
  const before = await search.weigh(steps, options.seed);
  const sought = { profile, aim, faults: [...searched] };
  let tried = 0;
  for (const share of aim === "shortest" ? shares : [1]) {
    const candidates = candidatesFor(steps, share);
    tried += candidates.length;
    const best = await search.best(candidates, before, aim);
    if (best === undefined) continue;
    // Chosen for these users it looks better than it is: others say by how much.
    const other = options.seed + 1;
    const again = { before: await search.weigh(steps, other), after: await search.weigh(best, other) };
    if (isBetter[aim](again.after, again.before)) {
      return { ...sought, tried, before: again.before, better: { steps: best, after: again.after } };
    }
  }
  return { ...sought, tried, before };
}

class Search {
  readonly #policy: Policy;
  readonly #profile: ProfileName;
  readonly #options: RehearseOptions;

  constructor(policy: Policy, profile: ProfileName, options: RehearseOptions) {
    this.#policy = policy;
    this.#profile = profile;
    this.#options = options;
  }

  async weigh(steps: readonly CanaryStep[], seed: number): Promise<Weighed> {
    const policy = withSteps(this.#policy, steps);
    const result = await rehearse(policy, {
      ...this.#options,
      seed,
      profiles: [this.#profile],
      faults: faults.filter(({ name }) => searched.has(name)),
      onRelease: this.#options.onRelease ?? (async () => {}),
    });
    const { good, faults: found = [] } = result.profiles[this.#profile] ?? { good: undefined };
    return {
      harmed: found.reduce((sum, { harmedMedian }) => sum + harmedMedian, 0) / Math.max(1, found.length),
      seconds: good?.seconds ?? 0,
      stopped: (good?.falseAborts ?? 0) + (good?.asked ?? 0),
    };
  }

  /** Which harms the fewest of those that may be taken. */
  async best(candidates: readonly (readonly CanaryStep[])[], before: Weighed, aim: Aim) {
    let best: { steps: readonly CanaryStep[]; harmed: number } | undefined;
    for (const steps of candidates) {
      const after = await this.weigh(steps, this.#options.seed);
      if (isAllowed[aim](after, before) && after.harmed < (best?.harmed ?? Infinity)) {
        best = { steps, harmed: after.harmed };
      }
    }
    return best?.steps;
  }
}

type Compared = (after: Weighed, before: Weighed) => boolean;

const isAllowed: Readonly<Record<Aim, Compared>> = {
  leastHarm: (after, before) => after.seconds <= before.seconds * 1.02 && after.stopped <= before.stopped,
  shortest: (after, before) => after.harmed <= before.harmed * 1.02 && after.stopped <= before.stopped,
};

const isBetter: Readonly<Record<Aim, Compared>> = {
  leastHarm: (after, before) => isAllowed.leastHarm(after, before) && after.harmed < clearly * before.harmed,
  shortest: (after, before) => isAllowed.shortest(after, before) && after.seconds < clearly * before.seconds,
};
