import type { CanaryStep } from "@sluice/api";
import { faults } from "../model/fault.ts";
import type { Policy } from "../policy/policy.ts";
import type { ProfileName } from "../policy/profile.ts";
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

export interface Suggestion {
  readonly profile: ProfileName;
  readonly tried: number;
  readonly before: Weighed;
  /** Absent where nothing was found that harms clearly fewer. */
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

/** The weights and pauses with the least harm in the same time, by rehearsing each. */
export async function suggest(policy: Policy, profile: ProfileName, options: RehearseOptions): Promise<Suggestion> {
  const steps = policy.rollout.spec.strategy.canary?.steps ?? [];
  const candidates = candidatesFor(steps);
  const weigh = async (tried: readonly CanaryStep[], seed: number): Promise<Weighed> => {
    const rollout = withSteps(policy, tried);
    const chosen = faults.filter(({ name }) => searched.has(name));
    const result = await rehearse(
      { ...policy, rollout },
      { ...options, seed, profiles: [profile], faults: chosen, onRelease: options.onRelease ?? (async () => {}) },
    );
    const { good, faults: found = [] } = result.profiles[profile] ?? { good: undefined };
    return {
      harmed: found.reduce((sum, { harmedMedian }) => sum + harmedMedian, 0) / Math.max(1, found.length),
      seconds: good?.seconds ?? 0,
      stopped: (good?.falseAborts ?? 0) + (good?.asked ?? 0),
    };
  };
  const before = await weigh(steps, options.seed);
  let best: { steps: readonly CanaryStep[]; after: Weighed } | undefined;
  for (const tried of candidates) {
    const after = await weigh(tried, options.seed);
    if (isAllowed(after, before) && after.harmed < (best?.after ?? before).harmed) best = { steps: tried, after };
  }
  // Chosen for these users it looks better than it is: others say by how much.
  const other = options.seed + 1;
  const again =
    best === undefined ? undefined : { before: await weigh(steps, other), after: await weigh(best.steps, other) };
  const isBetter =
    again !== undefined && again.after.harmed < clearly * again.before.harmed && isAllowed(again.after, again.before);
  return {
    profile,
    tried: candidates.length,
    before: again?.before ?? before,
    ...(best === undefined || !isBetter ? {} : { better: { steps: best.steps, after: again.after } }),
  };
}

const isAllowed = (after: Weighed, before: Weighed): boolean =>
  after.seconds <= before.seconds * 1.02 && after.stopped <= before.stopped;

function withSteps({ rollout }: Policy, steps: readonly CanaryStep[]): Policy["rollout"] {
  const { strategy } = rollout.spec;
  return { ...rollout, spec: { ...rollout.spec, strategy: { ...strategy, canary: { ...strategy.canary, steps } } } };
}
