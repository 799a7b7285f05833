import { inputNames } from "./inputs.ts";
import { scoreOf, type TreeModel } from "./trees.ts";

const strongest = inputNames.indexOf("strongest");
/** How much a nat of evidence adds by itself: trees alone are too easily sure of what looks like their training. */
const evidenceShare = 0.6;
/** Evidence without which what was learned ends no release: a person must be shown something. */
const knownNatsMin = 0.5;

/** What a model says of a release, and what the evidence adds to it; nothing counts as sure without evidence. */
export function weighed(model: TreeModel, inputs: ArrayLike<number>): number {
  const nats = inputs[strongest] ?? 0;
  if (nats < knownNatsMin) return Number.NEGATIVE_INFINITY;
  return scoreOf(model, inputs) + evidenceShare * nats;
}
