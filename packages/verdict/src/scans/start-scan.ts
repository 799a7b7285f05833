import type { CountScan, Finding, Moment } from "./count-scan.ts";
import type { Stratum } from "./stratum.ts";

/** The ratio of rates that isn't held against pods that start: as most do, and as the wildest of healthy ones may. */
export interface ToleratedStart {
  readonly mild: number;
  readonly wild: number;
}

/**
 * Failures against two explanations by a start: a mild one, and a wild one which is rarer. A release isn't waited for until
 * no start can explain it, only until the wild one is as unlikely as it must be besides being rare.
 */
export class StartScan {
  readonly #mild: CountScan;
  readonly #wild: CountScan;
  readonly #wildSurprise: number;

  /** `wildSurprise`: nats by which a start that brings many times the usual failures is less usual than a mild one. */
  constructor(scan: () => CountScan, wildSurprise: number) {
    this.#wildSurprise = wildSurprise;
    this.#mild = scan();
    this.#wild = scan();
  }

  add(strata: readonly Stratum[], moment: Moment, { mild, wild }: ToleratedStart): void {
    this.#mild.add(strata, moment, mild);
    this.#wild.add(strata, moment, wild);
  }

  finding(burstCap: number): Finding {
    const wild = this.#wild.finding(burstCap);
    // Where the mild one comes to less the wild one counts, and nobody asks how much less.
    const mild = this.#mild.finding(burstCap, wild.nats);
    return mild.nats <= wild.nats ? wild : { ...mild, nats: Math.min(mild.nats, wild.nats + this.#wildSurprise) };
  }
}
