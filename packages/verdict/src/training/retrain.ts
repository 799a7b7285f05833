import { families, type TreeModel } from "../learned/trees.ts";
import { learn, worseThan } from "./learn.ts";
import { type Outcomes, outcomesOf, type Playback, silent } from "./playback.ts";

export interface RetrainOptions {
  /** What every team has: what a team's releases teach is added to it. */
  readonly shipped: TreeModel | undefined;
  /** What judges now. */
  readonly present: TreeModel | undefined;
  readonly seed: number;
}

/** How the model of before and the new one do on releases that neither learned from. */
export interface HeldOut {
  readonly learnedFrom: number;
  readonly present: Outcomes;
  readonly candidate: Outcomes;
}

export type Retrained =
  | { readonly is: "too few"; readonly good: number; readonly bad: number; readonly because: string }
  | { readonly is: "worse"; readonly heldOut: HeldOut; readonly because: string }
  | { readonly is: "learned"; readonly heldOut: HeldOut; readonly model: TreeModel };

/** Fewer say nothing: a third of them is held out. */
const goodMin = 9;
const badMin = 6;
/** Windows of which the learned layer could make something. */
const doubted = "only what is in doubt for longer than 15 s, and neither clear nor quiet at once,";
const trees = 30;
const depth = 3;

/** From a team's own releases, oldest first, to a model of its own; refused where it is worse on those held out. Pure. */
export function retrain(playbacks: readonly Playback[], { shipped, present, seed }: RetrainOptions): Retrained {
  const good = playbacks.filter(({ isBad }) => !isBad);
  const bad = playbacks.filter(({ isBad }) => isBad);
  if (good.length < goodMin || bad.length < badMin) {
    const because = `found ${good.length} promoted releases and ${bad.length} taken back, expected at least ${goodMin} and ${badMin}`;
    return { is: "too few", good: good.length, bad: bad.length, because };
  }
  const held = [good, bad].flatMap((all) => all.filter((_, index) => index % 3 === 2));
  const training = playbacks.filter((playback) => !held.includes(playback));
  const model = learn(training, { trees, depth, seed, families, onto: shipped });
  const heldOut: HeldOut = {
    learnedFrom: training.length,
    present: outcomesOf(held, present ?? silent),
    candidate: outcomesOf(held, model),
  };
  const isNew = families.some((family) => model.parts[family] !== shipped?.parts[family]);
  const because = isNew
    ? worseThan(heldOut.candidate, heldOut.present)
    : `it learned nothing: ${doubted} teaches, and of good or of bad releases there was none`;
  return because === undefined ? { is: "learned", heldOut, model } : { is: "worse", heldOut, because };
}
