import { type Ratio, ratio } from "@sluice/kernel";
import { shippedModel } from "./generated/model.ts";
import { familyOf, freshNats, leastNats, rollbackNats } from "./learned/bar.ts";
import type { Family, TreeModel } from "./learned/trees.ts";
import { type Evidence, sentence, type Told } from "./sentence.ts";
import { Signals } from "./signals.ts";
import type { JudgedRelease, JudgedWindow, KnownStarts, Tolerances } from "./windows/window.ts";

export interface Verdict {
  readonly action: "continue" | "monitor" | "alert" | "rollback";
  /** How sure it is that the release is worse than tolerated. */
  readonly confidence: Ratio;
  /** Log of the strongest evidence after paying for every look: `bar` and more ends the release. */
  readonly nats: number;
  /** `rollbackNats` (less against a fresh baseline), or what the learned layer asks for of this release. */
  readonly bar: number;
  readonly evidence: readonly Evidence[];
  /** What ends the release by itself: each kind of evidence has a bar of its own. */
  readonly proven: readonly Evidence["signal"][];
  /** The weight must not grow yet: there is a suspicion, and time left to hold for it. */
  readonly suspects: boolean;
  /** Of the canary, that could be compared. */
  readonly requests: number;
  readonly because: string;
}

/** Ask for `observe` at every window, as often as wanted: the verdict is valid at every look. */
export interface Judge {
  observe(window: JudgedWindow): Verdict;
  /** What the learned layer saw of the last window, in the order of `inputNames`: what training reads. */
  readonly inputs: readonly number[] | undefined;
  /** What it was told of earlier releases' starts, and what this one showed: for the next release's judge, if this one was good. */
  readonly starts: KnownStarts | undefined;
}

export interface JudgeOptions {
  /** Another model than the one shipped, if any is; `off`: proof alone. */
  readonly learned?: TreeModel | "off";
}

const defaultTolerances: Tolerances = { failures: 1.1, latency: 1.05, conversions: 0.99 };
/** Evidence at which the weight isn't raised. */
const holdNats = 1.95;
/** The same before the last step, after which no stable version may be left to compare with. */
const lastHoldNats = 0.85;
/** Of slowness more is believed beforehand: with a Pod or two of each version it takes little for as much as that. */
const lastHoldNatsOfLatency = 1.6;
/** Holds in total; after them only proof counts, or a good release would never end. */
const holdSecondsMax = 1600;
/**
 * Evidence at which a release ends that was held for as long as may be, and would now go where nothing can be compared:
 * of a good one most suspicions are refuted meanwhile, so what remains needs less.
 */
const lastLookNats = 4;
/** The same for slowness: what is left of noise averages out while it is waited for, so less remains of a good one. */
const lastLookNatsOfSlowness = 3.4;
/** Beyond so many requests of the canary, what isn't proven is more likely drift than something that nobody could see yet. */
const lastLookRequests = 25_000;

/** So few slow requests hold no release; nor do as few failures, of more than `oneOfMany` requests each, where the control has more. */
const few = 3;
/** Of more requests than that a single bad one holds no release. */
const oneOfMany = 3000;

/** A judge of one release. Pure: the same windows bring the same verdicts. */
export function createJudge(
  release: JudgedRelease,
  tolerances: Tolerances = defaultTolerances,
  options: JudgeOptions = {},
): Judge {
  return new ReleaseJudge(release, tolerances, options);
}

class ReleaseJudge implements Judge {
  readonly #release: JudgedRelease;
  readonly #signals: Signals;
  #seenUntil = 0;
  #heldSeconds = 0;

  constructor(release: JudgedRelease, tolerances: Tolerances, { learned = shippedModel ?? "off" }: JudgeOptions) {
    this.#release = release;
    this.#signals = new Signals(release, tolerances, learned);
  }

  observe(window: JudgedWindow): Verdict {
    if (window.ends > this.#seenUntil) {
      this.#seenUntil = window.ends;
      this.#signals.see(window);
    }
    return this.#decide(window);
  }

  get inputs(): readonly number[] | undefined {
    return this.#signals.inputs;
  }

  get starts(): KnownStarts | undefined {
    return this.#signals.starts;
  }

  #decide(window: JudgedWindow): Verdict {
    const evidence = this.#signals.evidence();
    const strongest = evidence[0];
    const nats = strongest?.nats ?? Number.NEGATIVE_INFINITY;
    // Without a control what was learned has nothing to look at.
    const learned = window.stable === undefined ? undefined : this.#signals.bars(evidence, window.ends / 1000);
    const proofFor = (one: Evidence) => rollbackNats - this.#lessFor(familyOf(one));
    const barFor = (one: Evidence) => {
      const family = familyOf(one);
      if (learned === undefined || family === undefined) return proofFor(one);
      return Math.max(leastNats, learned[family] - this.#lessFor(family));
    };
    const enough = evidence.filter((one) => one.nats >= barFor(one));
    const [decisive] = enough;
    const waited = this.#isLastLook(window) ? evidence.find((one) => this.#remains(one)) : undefined;
    const doubt = this.#doubt(evidence, window);
    const suspects = doubt !== undefined;
    const action = decisive !== undefined || waited !== undefined ? "rollback" : this.#action(suspects, window);
    const shown = decisive ?? waited ?? doubt ?? strongest;
    const told: Told = {
      action,
      grounds: groundsOf(action, { decisive, isProven: shown !== undefined && shown.nats >= proofFor(shown) }),
      strongest: shown,
      isSuspicious: nats >= holdNats || suspects,
      sharedSince: this.#signals.sharedSince,
      requests: this.#signals.requests,
      podLoad: this.#signals.podLoad,
      usualPodLoad: this.#signals.usualPodLoad,
      hasControl: window.stable !== undefined,
    };
    return {
      action,
      confidence: confidenceOf(decisive === undefined ? nats : Math.max(nats, rollbackNats)),
      nats,
      bar: strongest === undefined ? rollbackNats : barFor(strongest),
      evidence,
      proven: enough.map(({ signal }) => signal),
      suspects,
      requests: this.#signals.requests,
      because: sentence(told, this.#release.names),
    };
  }

  #lessFor(family: Family | undefined): number {
    return this.#signals.hasFreshControl ? freshNats[family ?? "other"] : 0;
  }

  /** For what the weight must not grow yet. */
  #doubt(evidence: readonly Evidence[], { step, stable }: JudgedWindow): Evidence | undefined {
    if (stable === undefined || this.#heldSeconds >= holdSecondsMax) return undefined;
    const isLast = (this.#release.plan[step + 1]?.weight ?? 1) >= 1;
    return evidence.find((one) => !isOfFew(one) && one.nats >= leastToHold(one, isLast));
  }

  /** A hold in the middle of a step keeps nobody from harm: the weight isn't raised there anyway. */
  #isDue({ step, stepAge, lasts }: JudgedWindow): boolean {
    const ofStep = this.#release.plan[step]?.lasts;
    return ofStep !== undefined && stepAge + lasts * 0.5 >= ofStep;
  }

  #action(suspects: boolean, window: JudgedWindow): "continue" | "monitor" {
    if (!suspects || !this.#isDue(window)) return "continue";
    this.#heldSeconds += window.lasts / 1000;
    return "monitor";
  }

  /** Everything was waited for, and after the next step no stable version may be left to compare with. */
  #isLastLook(window: JudgedWindow): boolean {
    if (window.stable === undefined || !this.#isDue(window) || this.#signals.requests > lastLookRequests) return false;
    const next = this.#release.plan[window.step + 1]?.weight ?? 1;
    return next >= 1 && this.#heldSeconds >= holdSecondsMax;
  }

  /** Is it a reason not to go on after all that was waited? Memory and restarts can be judged without a control too. */
  #remains(one: Evidence): boolean {
    if (one.signal === "memory" || one.signal === "restarts") return false;
    const family = familyOf(one);
    if (one.nats < (family === "slowness" ? lastLookNatsOfSlowness : lastLookNats)) return false;
    return family === undefined || !this.#signals.isTakenForGood(family);
  }
}

function leastToHold({ signal }: Evidence, isLast: boolean): number {
  if (!isLast) return holdNats;
  return signal === "latency" ? lastHoldNatsOfLatency : lastHoldNats;
}

/**
 * A few slow requests are what any busy machine has, and where they are rare one more than the control has is worth as
 * much as is believed of slow requests beforehand. A few failures among thousands each say nothing that waiting for more
 * could refute: one, where the control has none either, it stays; and up to three, where the control has more of them by
 * its share.
 */
function isOfFew(one: Evidence): boolean {
  if (!("counts" in one)) return false;
  const { events, exposure, controlEvents, controlExposure } = one.counts;
  if (one.signal === "slow requests" && events <= few) return true;
  if (exposure <= oneOfMany * Math.max(1, events)) return false;
  return events <= 1 || (events <= few && events * controlExposure < controlEvents * exposure);
}

/** Proof needs no model; what ends with less, or goes on with more, does so by what was learned. */
function groundsOf(
  action: Verdict["action"],
  { decisive, isProven }: { readonly decisive: Evidence | undefined; readonly isProven: boolean },
): Told["grounds"] {
  if (decisive !== undefined) return isProven ? "proof" : "learned";
  return isProven && action !== "rollback" ? "learned" : "waited";
}

const confidenceOf = (nats: number): Ratio => ratio(nats > 0 ? 1 - Math.exp(-nats) : 0);
