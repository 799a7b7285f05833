import type { Noise } from "../noise/noise.ts";
import { clustersOfCanary, clustersOfControl, meanSize } from "./clusters.ts";
import { deviance } from "./deviance.ts";
import type { Stratum } from "./stratum.ts";
import { type Compared, type Usual, withUsual } from "./usual-control.ts";

/** Logs of how many times more failures may come, each as likely as the others: their mean pays for having searched. */
const excesses = [0.5, 1, 1.6, 2.4, 3.4, 5];
const growths = excesses.map((excess) => Math.exp(excess) - 1);

/** What is known of each size that bursts may have, one after the other: an object each costs most of a look. */
const observed = 0;
const expected = 1;
const total = 2;
const information = 3;
const numbers = 4;

/** Clusters in place of events, for each size that bursts may have. */
export class ClusterSums {
  readonly #sums: Float64Array;

  constructor(bursts: number) {
    this.#sums = new Float64Array(numbers * bursts);
  }

  clear(): void {
    this.#sums.fill(0);
  }

  add(window: ClusterSums, weight: number): void {
    const sums = this.#sums;
    const added = window.#sums;
    for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] as number) + weight * (added[at] as number);
  }

  /** Those of one window. By stratum: what fails on several endpoints within one window isn't one burst of one cause. */
  become(strata: readonly Stratum[], tolerated: number, bursts: Noise["bursts"]): void {
    this.clear();
    const sums = this.#sums;
    if (sums.length === 0) return;
    for (const { events, exposure, controlEvents, controlExposure } of strata) {
      if (events + controlEvents === 0 || exposure <= 0 || controlExposure <= 0) continue;
      const share = (exposure * tolerated) / (exposure * tolerated + controlExposure);
      const usual = (controlEvents * exposure * tolerated) / controlExposure;
      for (let which = 0; which < bursts.length; which++) {
        const size = meanSize(bursts[which]?.burst ?? 1);
        const at = numbers * which;
        const ofCanary = clustersOfCanary(events, usual / size, size);
        const all = ofCanary + clustersOfControl(controlEvents, size);
        sums[at + observed] = (sums[at + observed] as number) + ofCanary;
        sums[at + expected] = (sums[at + expected] as number) + all * share;
        sums[at + total] = (sums[at + total] as number) + all;
        sums[at + information] = (sums[at + information] as number) + all * share * (1 - share);
      }
    }
  }

  /** Averaged over how many times more there may be; `usual`: beside which the control is looked at. */
  nats(which: number, driftOfInformation: number, usual?: Usual): number {
    const at = numbers * which;
    const known = this.#sums[at + information] as number;
    if (known <= 0) return 0;
    const compared = {
      observed: this.#sums[at + observed] as number,
      expected: this.#sums[at + expected] as number,
      total: this.#sums[at + total] as number,
    };
    const dispersion = 1 + driftOfInformation * known;
    const alone = averaged(compared, dispersion);
    const beside = usual === undefined ? undefined : withUsual(compared, usual);
    return beside === undefined ? alone : Math.min(alone, averaged(beside, dispersion));
  }

  /** What no average comes to more than: nothing makes so many likelier than the odds that they have. */
  natsAtMost(which: number, driftOfInformation: number): number {
    const at = numbers * which;
    const most = deviance(
      this.#sums[at + observed] as number,
      this.#sums[at + expected] as number,
      this.#sums[at + total] as number,
    );
    return most / (1 + driftOfInformation * (this.#sums[at + information] as number));
  }
}

function averaged({ observed, expected, total }: Compared, dispersion: number): number {
  const share = expected / total;
  let sum = 0;
  for (let excess = 0; excess < excesses.length; excess++) {
    // Log of how much likelier so many are if the odds are so many times those that were expected.
    const likelier =
      observed * (excesses[excess] as number) - total * Math.log(1 + share * (growths[excess] as number));
    sum += Math.exp(likelier / dispersion);
  }
  return Math.log(sum / excesses.length);
}
