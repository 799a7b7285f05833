import type { Evidence } from "../sentence.ts";
import { barOf, familyOf, isTakenForGood, leastNats, rollbackNats } from "./bar.ts";
import { Inputs, inputNames, type SeenWindow, type ServiceNoise } from "./inputs.ts";
import { type Family, faultOf, type TreeModel } from "./trees.ts";

/** How much evidence of each family ends the release. */
export type Bars = Readonly<Record<Family, number>>;

/** Models that were looked through: each release brings the same one. */
const sound = new WeakSet<TreeModel>();
const proofAlone: Bars = { failures: rollbackNats, slowness: rollbackNats };

/** What trained trees make of the evidence: how much of it is asked for here. */
export class LearnedLayer {
  readonly #model: TreeModel;
  readonly #inputs: Inputs;
  #seenUntil = -1;
  #lastBars: Bars | undefined;
  #lastInputs: (() => readonly number[]) | undefined;

  /** Throws for a model that isn't for this judge's inputs. */
  constructor(model: TreeModel, noise: ServiceNoise) {
    const fault = sound.has(model) ? undefined : faultOf(model, inputNames);
    if (fault !== undefined) throw new Error(`learned model: ${fault}`);
    sound.add(model);
    this.#model = model;
    this.#inputs = new Inputs(noise);
  }

  see(seen: SeenWindow): void {
    this.#inputs.see(seen);
  }

  /** `time`: seconds since the release began, at the end of the window that was last seen. Undefined while nothing is known. */
  judge(evidence: readonly Evidence[], time: number): Bars | undefined {
    if (time <= this.#seenUntil) return this.#lastBars;
    this.#seenUntil = time;
    this.#lastInputs = this.#inputs.now(evidence);
    this.#lastBars = this.#lastInputs && this.#bars(evidence, this.#lastInputs);
    return this.#lastBars;
  }

  #bars(evidence: readonly Evidence[], inputs: () => readonly number[]): Bars {
    const isAsked = evidence.some((one) => familyOf(one) !== undefined && !(one.nats < leastNats));
    if (!isAsked) return proofAlone;
    const now = inputs();
    return { failures: barOf(this.#model, "failures", now), slowness: barOf(this.#model, "slowness", now) };
  }

  /** Of the window that was last judged: false where nothing is known. */
  takesForGood(family: Family): boolean {
    const inputs = this.inputs;
    return inputs !== undefined && isTakenForGood(this.#model, family, inputs);
  }

  /** Until the next window is seen. */
  get inputs(): readonly number[] | undefined {
    return this.#lastInputs?.();
  }
}
