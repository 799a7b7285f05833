import { millis, type Random, ratio } from "@sluice/kernel";
import type { JudgedRelease, JudgedWindow, PlaceboWindow, Served, VersionServed } from "@sluice/verdict";
import { below, Chance, Wander } from "./chance.ts";
import type { World } from "./world.ts";

interface Harm {
  readonly failing: number;
  readonly slower: number;
  readonly stuck: number;
  readonly stuckSlower: number;
  readonly lost: number;
  readonly leakAnHour: number;
  readonly endpoint: number | undefined;
  readonly onset: number;
  readonly weightMin: number;
  readonly rampSeconds: number;
  readonly period: number;
}

const harmless: Harm = {
  failing: 0,
  slower: 1,
  stuck: 0,
  stuckSlower: 1,
  lost: 0,
  leakAnHour: 0,
  endpoint: undefined,
  onset: 0,
  weightMin: 0,
  rampSeconds: 0,
  period: 0,
};

interface Endpoint {
  readonly share: number;
  readonly canaryShare: number;
  readonly failing: number;
  readonly logMedian: number;
}

interface Start {
  readonly from: number;
  readonly coldness: number;
}

/** Pods that came with a step: the canary's, and a fresh control's. */
interface Cohort {
  readonly weight: number;
  readonly sides: readonly [Start, Start];
}

const podsOf = (weight: number): number => Math.max(1, Math.round(16 * weight));

/**
 * A service as layers of noise, every parameter drawn anew: what both versions share, what each has of its own, pods,
 * cold starts, shocks, bursts, a changed mix, a split that isn't quite what was asked. Harmful releases have harms of any
 * size; harmless ones several nuisances at once.
 */
export class LayeredWorld implements World {
  readonly windowSeconds: number;
  readonly release: JudgedRelease;
  readonly #chance: Chance;
  readonly #harm: Harm;
  readonly #isBad: boolean;
  readonly #rate: number;
  readonly #endpoints: readonly Endpoint[];
  readonly #edges: readonly number[];
  readonly #spread: number;
  readonly #slowPath: number;
  readonly #burst: number;
  readonly #conversion: number;
  readonly #cold: { readonly slower: number; readonly failing: number; readonly seconds: number };
  readonly #shocks: readonly {
    from: number;
    until: number;
    failing: number;
    slower: number;
    uneven: readonly number[];
  }[];
  readonly #wanders: Readonly<Record<"load" | "failing" | "slower" | "memory", Wander>> & {
    readonly own: readonly { readonly failing: Wander; readonly slower: Wander }[];
  };
  readonly #pods: readonly { readonly failing: number; readonly slower: number }[];
  readonly #better: { readonly slower: number; readonly failing: number; readonly memory: number };
  readonly #uneven: number;
  readonly #isFresh: boolean;
  readonly #fillSeconds: number;
  #cohorts: Cohort[] = [];
  /** What differs between the starts of a fresh control's pods and of the canary's; undefined where nothing does. */
  readonly #apart: Chance | undefined;

  /**
   * `roughness`: how many times larger what two equals differ by may be. `apart`: the control is a fresh baseline whose
   * pods start a little before or after the canary's and as cold as they happen to be, where it is as cold otherwise.
   */
  constructor(random: Random, isBad: boolean, roughness = 1, apart?: Random) {
    const chance = new Chance(random);
    this.#chance = chance;
    this.#isBad = isBad;
    this.#rate = chance.magnitude(0.7, 2500);
    this.windowSeconds = chance.pick([5, 10, 10, 10, 15, 30]);
    const noisy = chance.unit();
    const own = {
      failing: roughness * (0.01 + 0.3 * noisy * noisy * chance.unit()),
      slower: roughness * (0.003 + 0.042 * noisy * noisy),
    };
    this.#burst = noisy < 0.35 ? 1 : chance.magnitude(1.2, noisy < 0.75 ? 3.5 : 9);
    const usual = chance.magnitude(1e-4, 3e-2);
    const count = chance.pick([1, 2, 3, 4, 4, 4, 6, 9, 12]);
    const skew = chance.between(0.4, 1.6);
    const shares = Array.from({ length: count }, (_, index) => (1 + index) ** -skew * Math.exp(0.3 * chance.normal()));
    const total = shares.reduce((sum, share) => sum + share, 0);
    const remixed = chance.is(0.25) ? chance.between(0.2, 0.8) : 0;
    const median = chance.magnitude(8, 250);
    this.#endpoints = shares.map((share) => ({
      share: share / total,
      canaryShare: (share / total) * Math.exp(remixed * chance.normal()),
      failing: Math.min(0.08, usual * Math.exp(0.5 * chance.normal())),
      logMedian: Math.log(median) + 0.4 * chance.normal(),
    }));
    this.#spread = chance.between(0.35, 0.9);
    this.#slowPath = chance.is(0.4) ? chance.between(0.01, 0.15) : 0;
    const first = chance.between(1, 6);
    const growth = chance.between(1.3, 1.9);
    this.#edges = Array.from(
      { length: Math.ceil(Math.log(3000 / first) / Math.log(growth)) },
      (_, n) => first * growth ** n,
    );
    this.#conversion = chance.magnitude(0.005, 0.06);
    const isStark = chance.is(0.35);
    this.#cold = {
      slower: isStark ? chance.between(0, 2.4) : chance.between(0, 0.4),
      failing: isStark ? chance.between(0, 3.2) : chance.between(0, 0.4),
      seconds: chance.is(0.6) ? chance.between(20, 75) : chance.magnitude(20, 150),
    };
    this.#shocks = Array.from({ length: chance.is(0.35) ? 1 + Math.floor(3 * chance.unit()) : 0 }, () => {
      const from = chance.between(60, 2600);
      return {
        from,
        until: from + chance.magnitude(40, 900),
        failing: chance.is(0.7) ? chance.magnitude(0.004, 0.4) : 0,
        slower: chance.is(0.6) ? chance.between(1.1, 4) : 1,
        uneven: [0.1 * chance.normal(), 0.03 * chance.normal(), 0.1 * chance.normal(), 0.03 * chance.normal()],
      };
    });
    const ownSeconds = chance.magnitude(45, 400);
    const sharedSeconds = chance.magnitude(45, 700);
    this.#wanders = {
      load: new Wander(chance, 0.1, 90),
      failing: new Wander(chance, 0.05 + 0.5 * noisy * chance.unit(), sharedSeconds),
      slower: new Wander(chance, 0.02 + 0.13 * noisy * chance.unit(), sharedSeconds),
      memory: new Wander(chance, 0.02, 120),
      own: [1, 0.5].map((part) => ({
        failing: new Wander(chance, part * own.failing, ownSeconds),
        slower: new Wander(chance, part * own.slower, ownSeconds),
      })),
    };
    this.#pods = Array.from({ length: 16 }, () => ({
      failing: 0.45 * own.failing * chance.normal(),
      slower: 0.5 * own.slower * chance.normal(),
    }));
    const isChanged = chance.is(0.4);
    this.#better = {
      slower: isChanged ? chance.between(0.7, 1.022) : 1,
      failing: isChanged ? chance.between(0.5, 1.03) : 1,
      memory: chance.is(0.5) ? chance.between(0.8, 1.22) : 1,
    };
    this.#uneven = Math.exp(0.07 * chance.normal());
    this.#fillSeconds = chance.between(90, 500);
    this.#isFresh = chance.is(0.12) || apart !== undefined;
    this.#apart = apart === undefined ? undefined : new Chance(apart);
    this.#harm = isBad ? this.#drawHarm(usual) : harmless;
    this.release = {
      plan: this.#plan(),
      bucketEdgesMs: this.#edges,
      history: Array.from({ length: chance.pick([15, 25, 30, 30, 30]) }, () => this.#placebo(own)),
      ...(apart === undefined ? {} : { control: "fresh" as const }),
    };
  }

  isHarmful(time: number, weight: number): boolean {
    return this.#isBad && time >= this.#harm.onset && weight >= this.#harm.weightMin;
  }

  window(time: number, weight: number, step: number, stepAge: number): JudgedWindow {
    const seconds = this.windowSeconds;
    const before = this.#cohorts.reduce((sum, cohort) => sum + cohort.weight, 0);
    if (weight > before + 1e-9) this.#cohorts.push(this.#begin(time, weight - before));
    const load = this.#rate * seconds * Math.exp(this.#wanders.load.after(seconds));
    const shared = { failing: this.#wanders.failing.after(seconds), slower: this.#wanders.slower.after(seconds) };
    const shock = this.#shocks.find(({ from, until }) => time >= from && time < until);
    const serve = (side: 0 | 1): VersionServed => {
      const isNew = side === 0;
      const own = this.#wanders.own[side];
      const pods = isNew || this.#apart !== undefined ? podsOf(weight) : Math.max(1, 16 - podsOf(weight));
      const cold = isNew || this.#isFresh ? this.#coldness(time, side) : 0;
      const deviation = this.#podsOf(isNew, pods);
      const part = isNew ? Math.min(1, weight * this.#uneven) : 1 - Math.min(1, weight * this.#uneven);
      const size = !isNew && this.#isFresh ? Math.min(weight, 1 - weight) : part;
      const served = this.#serve(load * size, isNew, isNew && this.isHarmful(time, weight) ? this.#strength(time) : 0, {
        failing:
          shared.failing +
          (own?.failing.after(seconds) ?? 0) +
          deviation.failing +
          Math.log(1 + cold * this.#cold.failing) +
          (isNew ? Math.log(this.#better.failing) : 0),
        slower:
          shared.slower +
          (own?.slower.after(seconds) ?? 0) +
          deviation.slower +
          Math.log(1 + cold * this.#cold.slower) +
          (isNew ? Math.log(this.#better.slower) : 0) +
          (shock === undefined ? 0 : Math.log(shock.slower) + (shock.uneven[2 * side + 1] ?? 0)),
        added: shock === undefined ? 0 : shock.failing * Math.exp(shock.uneven[2 * side] ?? 0),
      });
      const warm = isNew ? 0.6 + 0.4 * (1 - Math.exp(-time / this.#fillSeconds)) : 1;
      const leak = isNew && time > this.#harm.onset ? (this.#harm.leakAnHour * (time - this.#harm.onset)) / 3600 : 0;
      return {
        ...served,
        memoryMax: (warm + leak) * (isNew ? this.#better.memory : 1) * Math.exp(0.02 * this.#chance.normal()),
        restarts: isNew && leak > 1 ? Math.floor(leak) : 0,
        pods,
      };
    };
    const canary = serve(0);
    return {
      ends: millis((time + seconds) * 1000),
      lasts: millis(seconds * 1000),
      weight: ratio(weight),
      step,
      stepAge: millis((stepAge + seconds) * 1000),
      canary,
      ...(weight >= 1 ? {} : { stable: serve(1) }),
    };
  }

  #drawHarm(usual: number): Harm {
    const chance = this.#chance;
    const endpoint = chance.is(0.2) ? Math.floor(chance.unit() * this.#endpoints.length) : undefined;
    const isOne = endpoint !== undefined;
    const failing = () => ({
      failing: isOne ? chance.magnitude(0.03, 0.6) : Math.max(0.25 * usual, chance.magnitude(0.0015, 0.6)),
    });
    const slower = () =>
      chance.is(0.25)
        ? { stuck: chance.between(0.02, 0.2), stuckSlower: chance.magnitude(2.5, 9) }
        : { slower: isOne ? chance.magnitude(1.5, 6) : chance.magnitude(1.09, 3.5) };
    const kinds = [
      failing,
      failing,
      failing,
      slower,
      slower,
      slower,
      () => ({ lost: chance.between(0.08, 0.6) }),
      () => ({ leakAnHour: chance.magnitude(0.35, 3) }),
      () => ({ ...failing(), ...slower() }),
    ];
    return {
      ...harmless,
      endpoint,
      ...chance.pick(kinds)(),
      onset: chance.is(0.3) ? chance.between(60, 2200) : 0,
      weightMin: chance.is(0.1) ? chance.pick([0.1, 0.2, 0.5]) : 0,
      rampSeconds: chance.is(0.12) ? chance.between(120, 1500) : 0,
      period: chance.is(0.06) ? chance.between(100, 400) : 0,
    };
  }

  #plan(): JudgedRelease["plan"] {
    const chance = this.#chance;
    const last = chance.is(0.5) ? 0.95 : 1;
    const weights = chance.pick([
      [0.05, 0.1, 0.2, 0.5, last],
      [0.05, 0.1, 0.2, 0.5, last],
      [0.01, 0.05, 0.25, last],
      [0.1, 0.3, last],
      [0.02, 0.1, 0.5, last],
      [0.2, 0.5, last],
    ]);
    const seconds = Math.round(chance.between(2400, 4000) / weights.length / this.windowSeconds) * this.windowSeconds;
    return weights.map((weight) => ({ weight: ratio(weight), lasts: millis(seconds * 1000) }));
  }

  #strength(time: number): number {
    const { onset, rampSeconds, period } = this.#harm;
    const age = time - onset;
    if (period > 0 && age % period > 0.4 * period) return 0;
    return rampSeconds > 0 ? Math.min(1, (age + this.windowSeconds) / rampSeconds) : 1;
  }

  /** The pods of a step. A gap is as short as that between two readiness probes, or as long as a slow image takes. */
  #begin(time: number, weight: number): Cohort {
    const canary = { from: time, coldness: 1 };
    const chance = this.#apart;
    if (chance === undefined) return { weight, sides: [canary, canary] };
    const gap = chance.is(0.3) ? 0 : chance.magnitude(1, 30) * (chance.is(0.5) ? 1 : -1);
    const ofPods = 0.2 / Math.sqrt(podsOf(weight));
    const coldness = (): number => Math.exp(ofPods * chance.normal());
    return {
      weight,
      sides: [
        { from: time, coldness: coldness() },
        { from: time + gap, coldness: coldness() },
      ],
    };
  }

  #coldness(time: number, side: 0 | 1): number {
    let [sum, all] = [0, 0];
    for (const { weight, sides } of this.#cohorts) {
      const { from, coldness } = sides[side];
      sum += weight * coldness * Math.exp(-Math.max(0, time - from) / this.#cold.seconds);
      all += weight;
    }
    return all > 0 ? sum / all : 0;
  }

  #podsOf(isNew: boolean, pods: number): { readonly failing: number; readonly slower: number } {
    const chosen = isNew ? this.#pods.slice(0, pods) : this.#pods.slice(-pods);
    const mean = (get: (pod: (typeof chosen)[number]) => number) =>
      chosen.reduce((sum, pod) => sum + get(pod), 0) / chosen.length;
    return { failing: mean((pod) => pod.failing), slower: mean((pod) => pod.slower) };
  }

  #placebo(own: { readonly failing: number; readonly slower: number }): PlaceboWindow {
    const load = 30 * this.#rate * Math.exp(this.#wanders.load.after(60));
    const shared = { failing: this.#wanders.failing.after(60), slower: this.#wanders.slower.after(60) };
    const half = (): VersionServed => ({
      ...this.#serve(load, false, 0, {
        failing: shared.failing + 0.7 * own.failing * this.#chance.normal(),
        slower: shared.slower + 0.7 * own.slower * this.#chance.normal(),
        added: 0,
      }),
      restarts: 0,
      pods: 8,
    });
    return { lasts: millis(60_000), first: half(), second: half() };
  }

  #serve(
    load: number,
    isNew: boolean,
    strength: number,
    state: { readonly failing: number; readonly slower: number; readonly added: number },
  ): Omit<VersionServed, "restarts" | "pods"> {
    const harm = this.#harm;
    const chance = this.#chance;
    const mix = this.#endpoints.reduce((sum, one) => sum + (isNew ? one.canaryShare : one.share), 0);
    const endpoints = this.#endpoints.map((one, index): Served => {
      const requests = chance.poisson((load * (isNew ? one.canaryShare : one.share)) / mix);
      const isHit = strength > 0 && (harm.endpoint === undefined || harm.endpoint === index);
      const failing = one.failing * Math.exp(state.failing) + state.added + (isHit ? strength * harm.failing : 0);
      const mean = requests * Math.min(0.97, failing);
      const failures = Math.min(requests, failing > 0.15 ? chance.poisson(mean) : chance.clustered(mean, this.#burst));
      const center = one.logMedian + state.slower + (isHit ? strength * Math.log(harm.slower) : 0);
      return {
        requests,
        failures,
        latencyCounts: this.#latencies(requests, center, isHit ? strength * harm.stuck : 0),
      };
    });
    const total = (get: (served: Served) => number) => endpoints.reduce((sum, served) => sum + get(served), 0);
    const exposures = endpoints[0]?.requests ?? 0;
    const converting = this.#conversion * (1 - strength * harm.lost);
    return {
      requests: total(({ requests }) => requests),
      failures: total(({ failures }) => failures),
      latencyCounts: this.#edges.concat(0).map((_, bucket) => total((served) => served.latencyCounts[bucket] ?? 0)),
      endpoints,
      exposures,
      conversions: Math.min(exposures, chance.poisson(exposures * converting)),
    };
  }

  #latencies(requests: number, center: number, stuck: number): number[] {
    const upTo = (log: number) => {
      const fast = below((log - center) / this.#spread);
      const slow = this.#slowPath === 0 ? 0 : below((log - center - 1.4) / this.#spread);
      const usual = (1 - this.#slowPath) * fast + this.#slowPath * slow;
      if (stuck === 0) return usual;
      return (1 - stuck) * usual + stuck * below((log - center - Math.log(this.#harm.stuckSlower)) / this.#spread);
    };
    const shares: number[] = [];
    let before = 0;
    for (const edge of this.#edges) {
      const share = upTo(Math.log(edge));
      shares.push(Math.max(0, share - before));
      before = share;
    }
    shares.push(Math.max(0, 1 - before));
    if (requests > 60) return shares.map((share) => this.#chance.poisson(requests * share));
    const counts = shares.map(() => 0);
    for (let request = 0; request < requests; request++) {
      let left = this.#chance.unit();
      let bucket = 0;
      while (bucket < shares.length - 1 && left > (shares[bucket] ?? 0)) left -= shares[bucket++] ?? 0;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    return counts;
  }
}
