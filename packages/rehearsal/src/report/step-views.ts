import type { CanaryStep } from "@sluice/api";
import { ladder, noFault } from "../model/fault.ts";
import type { Traffic } from "../model/traffic.ts";
import type { Policy } from "../policy/policy.ts";
import type { ProfileName } from "../policy/profile.ts";
import type { Outcome } from "../release/outcome.ts";
import type { Played } from "./options.ts";
import type { StepView } from "./result.ts";

export const isCaught = ({ end }: Outcome): boolean => end !== "promoted";

/** One weight of the plan, as a good release had it: without routes Pods decide what share it is. */
interface Reached {
  /** Of its setWeight. */
  readonly index: number;
  readonly setWeight: number;
  /** 0..1 */
  readonly weight: number;
  /** Undefined where no good release got there. */
  readonly seconds: number | undefined;
  readonly isUntilPerson: boolean;
}

export function stepsOf(policy: Policy, traffic: Traffic, played: readonly Played[]): readonly StepView[] {
  const steps: readonly CanaryStep[] = policy.rollout.spec.strategy.canary?.steps ?? [];
  const good = played.find(({ fault, profile }) => fault === noFault && profile === "argo") ?? played[0];
  const longest = good?.outcomes.toSorted((one, other) => other.seconds - one.seconds)[0];
  const reached = reachedBy(longest, steps);
  return reached.map(
    ({ index, setWeight, weight, seconds, isUntilPerson }, place): StepView => ({
      index,
      setWeight,
      weight,
      seconds,
      canaryRequests: seconds === undefined ? undefined : Math.round(traffic.requestsPerSecond * weight * seconds),
      isUntilPerson,
      smallest: smallestAt(place, reached, played),
      caught: caughtAt(place, reached, played),
    }),
  );
}

function reachedBy(outcome: Outcome | undefined, steps: readonly CanaryStep[]): readonly Reached[] {
  const weighted = steps.flatMap(({ setWeight }, index) => (setWeight === undefined ? [] : [{ index, setWeight }]));
  return weighted.flatMap(({ index, setWeight }, place): Reached[] => {
    const asked = setWeight / 100;
    const next = weighted[place + 1]?.index ?? steps.length;
    const had = outcome === undefined || outcome.step <= index ? undefined : timeAt(outcome, index, next);
    const weight = had?.weight ?? asked;
    const isUntilPerson = steps
      .slice(index, next)
      .some(({ pause }) => pause !== undefined && pause.duration === undefined);
    return asked <= 0 || weight <= 0 || weight >= 1
      ? []
      : [{ index, setWeight, weight, seconds: had?.seconds, isUntilPerson }];
  });
}

/** From when it has the share until it has another, or the next setWeight is done and changed nothing. */
function timeAt({ weights, seconds }: Outcome, index: number, next: number) {
  const weight = weights.findLast(({ step }) => step < next)?.weight ?? 0;
  const begin = weights.findIndex((one) => one.step >= index && isSame(one.weight, weight));
  const end = weights.slice(begin + 1).find((one) => one.step > next || !isSame(one.weight, weight));
  return { weight, seconds: (end?.atSeconds ?? seconds) - (weights[begin]?.atSeconds ?? 0) };
}

const isSame = (one: number, other: number): boolean => Math.abs(one - other) < 0.005;

/** At which of the plan's weights it ended; -1 where that was after all of them. */
function placeOf({ step, weight }: Outcome, reached: readonly Reached[]): number {
  const done = Math.max(
    0,
    reached.findLastIndex(({ index }) => index < step),
  );
  // On its way to the next weight it has some share between.
  return reached.findIndex((one, place) => place >= done && weight <= one.weight + 0.005);
}

function smallestAt(
  place: number,
  reached: readonly Reached[],
  played: readonly Played[],
): Partial<Record<ProfileName, number>> {
  const smallest: Partial<Record<ProfileName, number>> = {};
  const isStopped = (one: Outcome) => {
    const at = placeOf(one, reached);
    return isCaught(one) && at !== -1 && at <= place;
  };
  for (const profile of ["argo", "sluice"] as const) {
    const own = played.filter((one) => one.profile === profile);
    const stopped = (outcomes: readonly Outcome[]) => outcomes.filter(isStopped).length;
    // What stops good releases as well sees nothing.
    const good = own.find(({ fault }) => fault === noFault)?.outcomes ?? [];
    if (good.length > 0 && stopped(good) * 2 >= good.length) continue;
    // From the largest down: a size that was stopped by luck, while a larger one got through, isn't seen.
    for (const { name, errors = 0 } of ladder.toReversed()) {
      const outcomes = own.find(({ fault }) => fault.name === name)?.outcomes;
      if (outcomes === undefined || outcomes.length === 0) continue;
      if (stopped(outcomes) * 2 < outcomes.length) break;
      smallest[profile] = errors;
    }
  }
  return smallest;
}

function caughtAt(
  place: number,
  reached: readonly Reached[],
  played: readonly Played[],
): Partial<Record<ProfileName, number>> {
  const caught: Partial<Record<ProfileName, number>> = {};
  for (const { profile, outcomes } of played) {
    const here = outcomes.filter((one) => isCaught(one) && one.weight > 0 && placeOf(one, reached) === place);
    caught[profile] = (caught[profile] ?? 0) + here.length;
  }
  return caught;
}
