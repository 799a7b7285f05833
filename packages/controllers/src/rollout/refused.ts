import { after, type Fault, type Instant, seconds } from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import type { ObservedRollout } from "./observe.ts";

/** Records of a decision: they are written again until they are, and hold nothing up. */
const records: readonly string[] = ["Decision", "Quarantine", "Judgement"];

/** A version's Pods, what measures it, what it reads: without them it can't go on, and status says why. */
export function withRefusal(
  observed: ObservedRollout,
  effect: Effect,
  { message }: Fault,
): ObservedRollout | undefined {
  if (effect.do !== "create" || records.includes(effect.object.kind)) return undefined;
  const { kind, metadata } = effect.object;
  return { ...observed, refused: `${kind} ${metadata.name} can't be made: ${message}` };
}

/** Not only the spec decides what is taken: a quota may be raised. */
export const triesAgainAt = ({ refused }: ObservedRollout, now: Instant): Instant | undefined =>
  refused === undefined ? undefined : after(now, seconds(30));
