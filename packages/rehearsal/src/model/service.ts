import type { Instant, Random } from "@sluice/kernel";
import { below, binomial, normal, poisson } from "./chance.ts";
import type { Fault } from "./fault.ts";
import type { Past } from "./past.ts";
import { addRecorded, type Owed, partsOf, RecordedTraffic, type Recording } from "./recording.ts";
import { type Served, type Version, versions } from "./served.ts";
import { latencySpread, loadFactor, p95InSigmas, type Traffic } from "./traffic.ts";

export type { Served, Version };

/** Shares of the traffic; what none has was sent to a version without a ready pod, and failed. */
export type Split = Readonly<Record<Version, number>>;

export interface ServiceOptions {
  readonly traffic: Traffic;
  readonly fault: Fault;
  readonly endpoints: readonly string[];
  readonly edgesMs: readonly number[];
  readonly random: Random;
  readonly startsAt: Instant;
  /** Where in the day, or the week, it starts. */
  readonly startSecond: number;
  readonly scrapeSeconds: number;
  /** False where nobody looks at latency: it is most of what there is to draw. */
  readonly drawsLatency: boolean;
  /** Absent where nothing is compared with before. */
  readonly past?: Past;
  /** A past release: then nothing is drawn, its own numbers come again. */
  readonly recording?: Recording;
}

interface VersionState {
  readonly ordinary: number;
  readonly isFaulty: boolean;
  readonly slower: number;
  readonly shift: number;
}

const endpointMix = [0.1, 0.6, 0.3];
const coldSeconds = 30;

/** Of a past release only its two versions are known. */
const recordedAs = (version: Version): "stable" | "canary" => (version === "canary" ? "canary" : "stable");

const nothing = (buckets: number): Served => ({
  requests: 0,
  failures: 0,
  notFound: 0,
  latencyCounts: new Array<number>(buckets).fill(0),
  latencySeconds: 0,
  exposures: 0,
  conversions: 0,
});

/** Two versions of one service, the old one by long-running and by new pods, and their users. Nothing happens between looks: all of it is drawn when time moves on. */
export class ModelledService {
  readonly served: Readonly<Record<Version, readonly Served[]>>;
  readonly restarts = { stable: 0, canary: 0, baseline: 0 };
  readonly pods = { stable: 1, canary: 0, baseline: 0 };
  /** Requests that went worse because of the new version. */
  harmed = 0;
  /** Seconds of its life so far; the wall clock may step, this doesn't. */
  elapsed = 0;
  onScrape: (at: Instant) => void = () => {};
  readonly #options: ServiceOptions;
  readonly #center: number;
  readonly #logEdges: readonly number[];
  readonly #spread: number;
  #split: Split = { stable: 1, canary: 0, baseline: 0 };
  #at: Instant;
  #nextScrape: number;
  #load = 0;
  #latencyWalk = 0;
  #failureWalk = 0;
  #apart = 0;
  #burstLeft = 0;
  /** The share of the present stretch of time that a burst takes. */
  #burst = 0;
  #canarySince: number | undefined;
  #baselineSince: number | undefined;
  /** How much its pods differ from others by chance. */
  #baselineApart = 0;
  readonly #recorded: RecordedTraffic | undefined;
  readonly #owed = new Map<string, Owed>();
  #excess = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#at = options.startsAt;
    this.#recorded = options.recording === undefined ? undefined : new RecordedTraffic(options.recording);
    this.#nextScrape = options.scrapeSeconds;
    this.#spread = latencySpread(options.traffic);
    this.#logEdges = options.edgesMs.map((edge) => Math.log(edge));
    this.#center = Math.log(options.traffic.p95Ms) - p95InSigmas * this.#spread;
    this.#apart = options.traffic.noise.apart * normal(options.random);
    const all = () => options.endpoints.map(() => nothing(options.edgesMs.length + 1));
    this.served = { stable: all(), canary: all(), baseline: all() };
  }

  get split(): Split {
    return this.#split;
  }

  /** From now on. Call `advanceTo` first. */
  route(split: Split): void {
    this.#split = split;
    if (split.canary > 0) this.#canarySince ??= this.elapsed;
    if (split.baseline === 0 || this.#baselineSince !== undefined) return;
    this.#baselineSince = this.elapsed;
    const { traffic, random } = this.#options;
    this.#baselineApart = traffic.noise.apart * normal(random);
  }

  /** The wall clock stepped: no time passed for users. */
  stepClock(by: number): void {
    this.#at = (this.#at + by) as Instant;
  }

  advanceTo(now: Instant): void {
    const { scrapeSeconds, past } = this.#options;
    for (let left = (now - this.#at) / 1000; left > 1e-9; ) {
      const untilScrape = this.#nextScrape - this.elapsed;
      const untilNote = past === undefined ? Infinity : Math.max(0, past.nextAt - this.elapsed);
      const seconds = Math.min(left, untilScrape, untilNote, this.#untilNextRecorded(), this.#untilOnset());
      if (seconds > 0) this.#serve(seconds);
      this.elapsed += seconds;
      this.#at = (this.#at + seconds * 1000) as Instant;
      left -= seconds;
      if (this.elapsed >= this.#nextScrape - 1e-9) {
        this.#nextScrape += scrapeSeconds;
        this.onScrape(Math.round(this.#at) as Instant);
      }
      if (past !== undefined && this.elapsed >= past.nextAt - 1e-9) past.note(this.elapsed, this.served.stable);
    }
    this.#at = now;
  }

  /** A late fault begins when it begins, not at the next look. */
  #untilOnset(): number {
    const { onsetSeconds, isShared } = this.#options.fault;
    if (onsetSeconds === undefined || (isShared !== true && this.#canarySince === undefined)) return Infinity;
    const left = onsetSeconds - (isShared ? this.elapsed : this.#canaryAge());
    return left > 1e-9 ? left : Infinity;
  }

  /** Of the pod that uses most, in its size at rest. */
  memory(version: Version): number {
    const { fault, random } = this.#options;
    const recorded = this.#recorded?.at(recordedAs(version), this.#canaryAge()).served?.memoryMax;
    if (recorded !== undefined) return recorded;
    const age = this.#ageOf(version) ?? 3600;
    const warm = 1 + 0.1 * (1 - Math.exp(-age / 600)) + 0.004 * normal(random);
    return warm + (version === "canary" ? ((fault.leakAnHour ?? 0) * age) / 3600 : 0);
  }

  requestsOf(version: Version): number {
    return this.served[version].reduce((sum, { requests }) => sum + requests, 0);
  }

  /** 0..1: how likely a request of this moment fails; `endpoint` is -1 where none of them is asked. */
  failureShare(version: Version, endpoint: number): number {
    const { fault } = this.#options;
    const { ordinary, isFaulty } = this.#stateOf(version);
    const isHit = isFaulty && (fault.endpoint === undefined || fault.endpoint === endpoint);
    return isHit ? ordinary + (1 - ordinary) * (fault.errors ?? 0) * (fault.share ?? 1) : ordinary;
  }

  /** What a second at full traffic costs users: for the time until people notice. */
  harmASecond(): number {
    const { traffic, fault } = this.#options;
    // Nobody knows how long it would have gone on.
    if (this.#recorded !== undefined) return 0;
    const rate = traffic.requestsPerSecond;
    const share = fault.endpoint === undefined ? (fault.share ?? 1) : this.#mix(fault.endpoint);
    const added = (fault.errors ?? 0) * share;
    const lost = traffic.conversions * (fault.lostConversions ?? 0);
    return fault.isShared ? 0 : rate * (added + this.#slowHarm(fault.slower ?? 1) + lost);
  }

  /** Seconds since a late fault began: nothing before it is worth many looks. Undefined before, and where it isn't late. */
  onsetAge(): number | undefined {
    const { onsetSeconds, isShared } = this.#options.fault;
    if (onsetSeconds === undefined) return undefined;
    const age = (isShared ? this.elapsed : this.#canaryAge()) - onsetSeconds;
    return age < 0 ? undefined : age;
  }

  #mix = (endpoint: number): number => {
    const count = this.#options.endpoints.length;
    const sum = endpointMix.slice(0, count).reduce((total, share) => total + share, 0);
    return (endpointMix[endpoint] ?? 0) / sum;
  };

  /** Seconds since its first request; undefined where its pods were there before everything. */
  #ageOf(version: Version): number | undefined {
    if (version === "stable") return undefined;
    if (version === "canary") return this.#canaryAge();
    return this.#baselineSince === undefined ? 0 : this.elapsed - this.#baselineSince;
  }

  #canaryAge = (): number => (this.#canarySince === undefined ? 0 : this.elapsed - this.#canarySince);

  #slowHarm(factor: number): number {
    return factor <= 1 ? 0 : 1 - below(p95InSigmas - Math.log(factor) / this.#spread) - 0.05;
  }

  /** A slice lies within one recorded window, else what that window holds would come late. */
  #untilNextRecorded(): number {
    if (this.#recorded === undefined || this.#canarySince === undefined) return Infinity;
    return this.#recorded.left(this.#canaryAge());
  }

  /** The recorded numbers, in the shares that are routed now. */
  #replay(recorded: RecordedTraffic, seconds: number): void {
    const second = this.#canarySince === undefined ? undefined : this.#canaryAge();
    const usual = recorded.at("stable", second).served;
    const expected = usual === undefined ? 0 : usual.failures / Math.max(1, usual.requests);
    for (const version of versions) {
      const { rate, served } = recorded.at(recordedAs(version), second);
      const requests = rate * this.#split[version] * seconds;
      if (served === undefined || served.requests === 0 || requests <= 0) continue;
      const share = requests / served.requests;
      const own = this.served[version];
      for (const [place, part] of partsOf(served).entries()) {
        const to = own[Math.min(place, own.length - 1)] as Served;
        addRecorded(to, part, share, this.#owed, `${version}${place}`);
      }
      const [first] = own as [Served];
      first.exposures += share * served.exposures;
      first.conversions += share * served.conversions;
      if (version === "canary") this.#excess += share * (served.failures - expected * served.requests);
    }
    this.harmed = Math.max(0, Math.round(this.#excess));
  }

  #serve(seconds: number): void {
    if (this.#recorded !== undefined) {
      this.#replay(this.#recorded, seconds);
      return;
    }
    const { traffic, random, startSecond, endpoints } = this.#options;
    const { noise } = traffic;
    const kept = Math.exp(-seconds / 300);
    const fresh = Math.sqrt(1 - kept * kept);
    this.#load = kept * this.#load + noise.load * fresh * normal(random);
    this.#latencyWalk = kept * this.#latencyWalk + noise.latency * fresh * normal(random);
    const failures = noise.failures ?? 0;
    if (failures > 0) this.#failureWalk = kept * this.#failureWalk + failures * fresh * normal(random);
    this.#burstLeft = Math.max(0, this.#burstLeft - this.#burst * seconds);
    if (random.next() < (noise.burstsAnHour * seconds) / 3600) this.#burstLeft = 20 + 60 * random.next();
    // However seldom anybody looks, a burst is as long as it is.
    this.#burst = Math.min(1, this.#burstLeft / seconds);
    const rate =
      traffic.requestsPerSecond *
      loadFactor(traffic, startSecond + this.elapsed) *
      Math.exp(this.#load - (noise.load * noise.load) / 2);
    for (const version of versions) {
      const share = this.#split[version];
      if (share <= 0) continue;
      const state = this.#stateOf(version);
      for (let endpoint = 0; endpoint < endpoints.length; endpoint++) {
        const requests = poisson(random, rate * share * this.#mix(endpoint) * seconds);
        if (requests > 0) this.#answer(version, endpoint, requests, state);
      }
    }
    const lost = 1 - this.#split.stable - this.#split.canary - this.#split.baseline;
    if (lost > 1e-9) this.harmed += poisson(random, rate * lost * seconds);
  }

  #stateOf(version: Version): VersionState {
    const { traffic, fault } = this.#options;
    const wandering = Math.exp(this.#failureWalk - (traffic.noise.failures ?? 0) ** 2 / 2);
    const burst = 1 + this.#burst * (traffic.noise.burst - 1);
    const ordinary = Math.min(0.5, traffic.errors * wandering * burst);
    const isCanary = version === "canary";
    const age = this.#ageOf(version) ?? 1e6;
    const began = (fault.onsetSeconds ?? 0) <= (fault.isShared ? this.elapsed : isCanary ? age : 1e6);
    const loaded = this.#split.canary >= (fault.fromWeight ?? 0) - 1e-9;
    const isFaulty = (isCanary || fault.isShared === true) && began && loaded && fault.is === "version";
    const slower = isFaulty ? (fault.slower ?? 1) : 1;
    const apart = isCanary ? this.#apart : this.#baselineApart;
    const cold = version === "stable" ? 0 : Math.log(1 + 0.2 * Math.exp(-age / coldSeconds)) + apart;
    return { ordinary, isFaulty, slower, shift: this.#center + this.#latencyWalk + cold + Math.log(slower) };
  }

  #answer(version: Version, endpoint: number, requests: number, state: VersionState): void {
    const { traffic, fault, random } = this.#options;
    const served = this.served[version][endpoint] as Served;
    const isHit = state.isFaulty && (fault.endpoint === undefined || fault.endpoint === endpoint);
    const ordinary = binomial(random, requests, state.ordinary);
    const added = isHit ? binomial(random, requests - ordinary, (fault.errors ?? 0) * (fault.share ?? 1)) : 0;
    const good = requests - ordinary - added;
    const wanted = binomial(random, good, traffic.conversions);
    const lost = isHit ? binomial(random, wanted, fault.lostConversions ?? 0) : 0;
    served.requests += requests;
    served.failures += ordinary + added;
    served.notFound += binomial(random, good, traffic.notFound);
    served.exposures += requests;
    served.conversions += wanted - lost;
    served.latencySeconds += (requests * Math.exp(state.shift + (this.#spread * this.#spread) / 2)) / 1000;
    if (this.#options.drawsLatency) this.#time(served, requests, state.shift);
    if (!isHit || fault.isShared) return;
    this.harmed += added + lost + binomial(random, good, this.#slowHarm(state.slower));
  }

  #time(served: Served, requests: number, shift: number): void {
    const { random } = this.#options;
    const open = this.#logEdges.length;
    let left = requests;
    let under = 0;
    for (let bucket = 0; bucket < open && left > 0; bucket++) {
      const upTo = below(((this.#logEdges[bucket] as number) - shift) / this.#spread);
      const here = under >= 1 ? 0 : binomial(random, left, Math.max(0, upTo - under) / (1 - under));
      served.latencyCounts[bucket] = (served.latencyCounts[bucket] as number) + here;
      left -= here;
      under = upTo;
    }
    served.latencyCounts[open] = (served.latencyCounts[open] as number) + left;
  }
}
