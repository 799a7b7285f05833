import type { Evidence } from "../sentence.ts";
import { Inputs, inputNames, type SeenWindow, type ServiceNoise } from "./inputs.ts";
import { faultOf, type TreeModel } from "./trees.ts";
import { weighed } from "./weighed.ts";

export interface Learned {
  /** Log odds that the release harms its users, with the evidence's own weight. */
  readonly score: number;
  /** Enough to end the release, where there is evidence too. */
  readonly isSure: boolean;
  /** Enough to not raise the weight. */
  readonly isSuspicious: boolean;
}

/** One look may be chance: the model has to stay sure for as long. */
const sureSeconds = 10;
const unsure: Learned = { score: Number.NEGATIVE_INFINITY, isSure: false, isSuspicious: false };

/** What trained trees make of the evidence. It can only bring a rollback forward: proof needs nobody's consent. */
export class LearnedLayer {
  readonly #model: TreeModel;
  readonly #inputs: Inputs;
  #sureSince: number | undefined;
  #seenUntil = -1;
  #last: { readonly inputs: readonly number[] | undefined; readonly learned: Learned } = {
    inputs: undefined,
    learned: unsure,
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

  /** `time`: seconds since the release began, at the end of the window that was last seen. */
  judge(evidence: readonly Evidence[], time: number): Learned {
    if (time <= this.#seenUntil) return this.#last.learned;
    this.#seenUntil = time;
    const inputs = this.#inputs.now(evidence);
    const learned = inputs === undefined ? unsure : this.#weigh(weighed(this.#model, inputs), time);
    this.#last = { inputs, learned };
    return learned;
  }

  get inputs(): readonly number[] | undefined {
    return this.#last.inputs;
  }

  #weigh(score: number, time: number): Learned {
    const { sure, sureAtOnce, suspicious } = this.#model;
    if (score < sure) this.#sureSince = undefined;
    else this.#sureSince ??= time;
    const stays = this.#sureSince !== undefined && time - this.#sureSince >= sureSeconds - 0.5;
    return { score, isSure: stays || score >= sureAtOnce, isSuspicious: score >= suspicious };
  }
}
