import { hasReason, type Resource } from "@sluice/api";
import { after, type Fault, type Instant, sameJson, seconds } from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import type { ObservedRollout } from "./observe.ts";

/** Records of a decision: they are written again until they are, and hold nothing up. */
const records: readonly string[] = ["Decision", "Quarantine", "Judgement"];

/**
 * A version's Pods, what measures it, what it reads, and where its users are led: without them it can't go on, and status
 * says why.
 */
export function withRefusal(observed: ObservedRollout, effect: Effect, fault: Fault): ObservedRollout | undefined {
  const what = refusedOf(effect);
  // Somebody deletes it in this moment: the next look sees that.
  if (what === undefined || (what.isChange && hasReason(fault, "NotFound"))) return undefined;
  const { kind, metadata } = what.object;
  const words = `${kind} ${metadata.name} can't be ${what.isChange ? "changed" : "made"}: ${fault.message}`;
  const { because, effects = [] } = observed.refused ?? {};
  return {
    ...observed,
    refused: { because: because === undefined ? words : `${because}; ${words}`, effects: [...effects, effect] },
  };
}

/** What leads users somewhere doesn't wait for each other: one that is refused is left out, and the others are written. */
export const withoutRefused = ({ refused }: ObservedRollout, effects: readonly Effect[]): readonly Effect[] =>
  refused === undefined ? effects : effects.filter((one) => !refused.effects.some((other) => sameJson(one, other)));

function refusedOf(effect: Effect): { readonly object: Resource; readonly isChange: boolean } | undefined {
  if (effect.do === "update") return { object: effect.object, isChange: true };
  if (effect.do !== "create") return undefined;
  if (effect.about !== undefined) return { object: effect.about.object, isChange: true };
  return records.includes(effect.object.kind) ? undefined : { object: effect.object, isChange: false };
}

/** Not only the spec decides what is taken: a quota may be raised. */
export const triesAgainAt = ({ refused }: ObservedRollout, now: Instant): Instant | undefined =>
  refused === undefined ? undefined : after(now, seconds(30));
