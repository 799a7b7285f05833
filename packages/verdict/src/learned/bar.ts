import type { Evidence } from "../sentence.ts";
import { inputNames } from "./inputs.ts";
import { type Family, families, scoreOf, type TreeModel, type Trees } from "./trees.ts";

/** Evidence at which a release ends by proof alone. Measured in docs/verdict.md: higher hurts more users, lower rejects good releases. */
export const rollbackNats = 6.9;
/**
 * Nats less where the control is a fresh baseline: as cold and as young as the canary, it leaves fewer innocent explanations,
 * of slowness above all.
 */
export const freshNats: Readonly<Record<Family | "other", number>> = { slowness: 1.4, failures: 0.4, other: 0.4 };
/** However sure a model is, so much has to be shown to a person. */
export const leastNats = 3;
/** And however much it doubts, so much ends a release. */
export const mostNats = 10;
/** Log odds that stand for a nat: trees alone are too easily sure of what looks like their training. */
const oddsOfNat = 0.6;

/** Its signals' places among the inputs. */
const signalsOf: Readonly<Record<Family, readonly Evidence["signal"][]>> = {
  failures: ["failures", "failures of an endpoint"],
  slowness: ["latency", "slow requests"],
};
const names: readonly string[] = inputNames;
const placesOf = {
  failures: signalsOf.failures.map((signal) => names.indexOf(signal)),
  slowness: signalsOf.slowness.map((signal) => names.indexOf(signal)),
};

export const familyOf = ({ signal }: Evidence): Family | undefined =>
  families.find((family) => signalsOf[family].includes(signal));

/** The strongest evidence of a family among a model's inputs. */
export function natsIn(family: Family, inputs: ArrayLike<number>): number {
  let nats = Number.NEGATIVE_INFINITY;
  for (const place of placesOf[family]) nats = Math.max(nats, inputs[place] ?? nats);
  return nats;
}

/**
 * How much evidence of a family ends a release here: less where releases that went like this harmed their users, more where
 * good ones did.
 */
export function barOf({ parts }: TreeModel, family: Family, inputs: ArrayLike<number>): number {
  const part = parts[family];
  if (part === undefined || natsIn(family, inputs) < leastNats) return rollbackNats;
  const bar = rollbackNats - (scoreOf(part, inputs) - part.neutral) / oddsOfNat;
  return Math.min(mostNats, Math.max(leastNats, bar));
}

/** In training a good release that is taken back costs more than a bad one seen a little later. */
export const goodWeight = 3;

/** Would a model rather call it a good release? Its scores are log odds, in which a good one counts as often as in training. */
export function isTakenForGood({ parts }: TreeModel, family: Family, inputs: ArrayLike<number>): boolean {
  const part = parts[family];
  return part !== undefined && scoreOf(part, inputs) + Math.log(goodWeight) < 0;
}

/** The neutral score from which on this evidence isn't enough; infinite where no model can keep it from being that. */
export function neutralFor(part: Omit<Trees, "neutral">, family: Family, inputs: ArrayLike<number>): number {
  const nats = natsIn(family, inputs);
  if (nats < leastNats) return Number.NEGATIVE_INFINITY;
  if (nats >= mostNats) return Number.POSITIVE_INFINITY;
  return scoreOf(part, inputs) + oddsOfNat * (nats - rollbackNats);
}
