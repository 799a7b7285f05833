/** How much two equal versions differ in this service, beyond chance. */
export interface Noise {
  /** Variance of counts over that of independent events: failures come in bursts. */
  readonly burst: number;
  /** Those that the placebo can't rule out, with how likely each is; the one above is their mean. */
  readonly bursts: readonly { readonly burst: number; readonly share: number }[];
  /** The largest of them. */
  readonly burstMax: number;
  /** Standard deviation of the log ratio of two equal versions that drifts over minutes. */
  readonly drift: number;
}

/** The placebo's difference in one window: the score of the log ratio, and its information. */
export interface PlaceboScore {
  readonly score: number;
  readonly information: number;
}

/** A burst and a drift that may be, with the log of how likely they are together, but for a constant. */
export interface NoiseCell {
  readonly burst: number;
  readonly drift: number;
  readonly log: number;
}

/** What is less likely than this is ruled out. */
const ruledOut = 0.002;

const bursts = [1, 1.5, 2.2, 3.2, 4.7, 7, 10, 15];

/**
 * Burst and drift that explain the placebo: a posterior on a grid, whose prior says that bursts of many are rarer than
 * bursts of few. Windows are looked at alone and in groups of five, since drift shows in groups and bursts in both.
 */
export function fitNoise(placebo: readonly PlaceboScore[], drifts: readonly number[], maxBurst = 15): Noise {
  const cells = noiseCells(placebo, drifts, maxBurst);
  const top = Math.max(...cells.map(({ log }) => log));
  let total = 0;
  let burst = 0;
  let variance = 0;
  const marginal = new Map<number, number>();
  for (const cell of cells) {
    const mass = Math.exp(cell.log - top);
    total += mass;
    burst += mass * cell.burst;
    variance += mass * cell.drift * cell.drift;
    marginal.set(cell.burst, (marginal.get(cell.burst) ?? 0) + mass);
  }
  let above = 0;
  let burstMax = 1;
  for (const [value, mass] of [...marginal].reverse()) {
    above += mass / total;
    if (above > 0.02) {
      burstMax = value;
      break;
    }
  }
  const mean = burst / total;
  return {
    burst: mean,
    bursts: [...marginal]
      .map(([value, mass]) => ({ burst: value, share: mass / total }))
      .filter(({ share }) => share > ruledOut),
    burstMax: Math.max(burstMax, mean),
    drift: Math.sqrt(variance / total),
  };
}

/** The whole posterior: each burst with each drift. */
export function noiseCells(placebo: readonly PlaceboScore[], drifts: readonly number[], maxBurst = 15): NoiseCell[] {
  const blocks = [1, 5].flatMap((size) => grouped(placebo, size));
  const cells: NoiseCell[] = [];
  const driftScale = drifts.at(-1) ?? 1;
  for (const burst of bursts.filter((value) => value <= maxBurst)) {
    for (const drift of drifts) {
      let log = -0.8 * Math.log(burst) - drift / (driftScale * (0.16 + 0.12 * (burst - 1)));
      for (const { score, information, size } of blocks) {
        const correlated = size === 1 ? 1 : 0.75;
        const variance = burst * information + drift * drift * information * information * correlated;
        log -= 0.5 * (0.5 * Math.log(variance) + 0.5 * Math.min((score * score) / variance, 40));
      }
      cells.push({ burst, drift, log });
    }
  }
  return cells;
}

function grouped(placebo: readonly PlaceboScore[], size: number): (PlaceboScore & { readonly size: number })[] {
  const groups: (PlaceboScore & { readonly size: number })[] = [];
  for (let start = 0; start + size <= placebo.length; start += size) {
    let score = 0;
    let information = 0;
    for (const window of placebo.slice(start, start + size)) {
      score += window.score;
      information += window.information;
    }
    if (information > 0) groups.push({ score, information, size });
  }
  return groups;
}
