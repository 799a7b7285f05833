import type { Evidence } from "../sentence.ts";
import { barOf } from "./bar.ts";
import { Inputs, inputNames, type SeenWindow, type ServiceNoise } from "./inputs.ts";
import { type Family, faultOf, type TreeModel } from "./trees.ts";

/** How much evidence of each family ends the release. */
export type Bars = Readonly<Record<Family, number>>;

/** What trained trees make of the evidence: how much of it is asked for here. */
export class LearnedLayer {
  readonly #model: TreeModel;
  readonly #inputs: Inputs;
  #seenUntil = -1;
  #last: { readonly inputs: readonly number[] | undefined; readonly bars: Bars | undefined } = {
    inputs: undefined,
    bars: undefined,
  };

  /** Throws for a model that isn't for this judge's inputs. */
  constructor(model: TreeModel, noise: ServiceNoise) {
    const fault = faultOf(model, inputNames);
    if (fault !== undefined) throw new Error(`learned model: ${fault}`);
    this.#model = model;
    this.#inputs = new Inputs(noise);
  }

  see(seen: SeenWindow): void {
    this.#inputs.see(seen);
  }

  /** `time`: seconds since the release began, at the end of the window that was last seen. Undefined while nothing is known. */
  judge(evidence: readonly Evidence[], time: number): Bars | undefined {
    if (time <= this.#seenUntil) return this.#last.bars;
    this.#seenUntil = time;
    const inputs = this.#inputs.now(evidence);
    const bars =
      inputs === undefined
        ? undefined
        : { failures: barOf(this.#model, "failures", inputs), slowness: barOf(this.#model, "slowness", inputs) };
    this.#last = { inputs, bars };
    return bars;
  }

  get inputs(): readonly number[] | undefined {
    return this.#last.inputs;
  }
}
