import { type JudgedRelease, type JudgedWindow, type Served, sumOf } from "@sluice/verdict";

/** Fewer than twice as many slow ones may be a cold start, which no prediction calls harm. */
const clearly = 2;
/** Of what chance brings, in standard deviations. */
const beyondChance = 3;

const nothing: Served = { requests: 0, failures: 0, latencyCounts: [] };

/**
 * Counts requests that went worse than on the stable version, as a rehearsal predicts them: failed, or slower than its ordinary
 * 95th percentile where clearly more of them were.
 */
export class Harm {
  readonly #ordinary: Served;
  #canary = nothing;
  #stable = nothing;

  constructor({ history = [] }: Partial<JudgedRelease>) {
    this.#ordinary = sumOf(history.flatMap(({ first, second }) => [first, second]));
  }

  add({ canary, stable }: JudgedWindow): void {
    this.#canary = sumOf([this.#canary, canary]);
    if (stable !== undefined) this.#stable = sumOf([this.#stable, stable]);
  }

  get requests(): number {
    const [canary, stable] = [this.#canary, this.#stable];
    const failed = canary.failures - (stable.failures / Math.max(1, stable.requests)) * canary.requests;
    const harmed = Math.max(0, failed) + slowed(canary, stable, this.#ordinary);
    return Math.min(canary.requests, Math.round(harmed));
  }
}

function slowed(canary: Served, stable: Served, ordinary: Served): number {
  const edge = ordinaryEdge(ordinary);
  const control = stable.requests > 0 ? stable : ordinary;
  if (edge === undefined || control.requests === 0) return 0;
  const expected = (slowerThan(edge, control) / control.requests) * canary.requests;
  const slow = slowerThan(edge, canary);
  const isClear = slow > clearly * expected && slow - expected > beyondChance * Math.sqrt(expected + 1);
  return isClear ? slow - expected : 0;
}

/** The bucket after which one in twenty ordinary requests is left, as nearly as buckets tell. */
function ordinaryEdge(ordinary: Served): number | undefined {
  const off = (edge: number) => Math.abs(slowerThan(edge, ordinary) / ordinary.requests - 0.05);
  const edges = ordinary.latencyCounts.slice(1).map((_, bucket) => bucket);
  return ordinary.requests === 0 ? undefined : edges.toSorted((one, other) => off(one) - off(other))[0];
}

const slowerThan = (edge: number, { latencyCounts }: Served): number =>
  latencyCounts.slice(edge + 1).reduce((sum, count) => sum + count, 0);
