// `node bench/verdict/limit.ts FOLDER [--salts f1,f2] [--bad 6] [--kinds 1] [--run RUN.json]`: what is attainable in the benchmark that
// lies in FOLDER (README.md there). A judge that knows a bad release's harm and every fluctuation to come, but not how the
// new version starts, has as much information against the harmless start that looks most like it as their divergence says;
// before that is the log of one over the share of false rollbacks it can't be sure (Wald). `--kinds`: it doesn't know which of
// so many independent things goes wrong, and each has its part of the false rollbacks. With the outcome of a judge, as
// the benchmark's `bin/run.mjs --out` writes it for the same salts, also which rates and families its harm beyond that is from.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { sourcesOf } from "./folder.ts";

interface Effect {
  readonly errAdd?: number;
  readonly errEp?: number;
  readonly latMul?: number;
  readonly tailFrac?: number;
  readonly convMul?: number;
  readonly leakPerMin?: number;
}

/** One version within a window: requests, logs of the latencies' and failures' factors, what is added by a shock. */
interface Arm {
  readonly lam: number;
  readonly lm: number;
  readonly em: number;
  readonly errAdd: number;
  readonly eff: Effect | null;
}

interface Spec {
  readonly family: string;
  readonly rps: number;
  readonly release: Effect | null;
  readonly service: {
    readonly mix: readonly number[];
    readonly err: readonly number[];
    readonly conv: number;
    readonly cold: { readonly lat: number; readonly err: number; readonly tau: number };
    readonly noise: Readonly<Record<"burst" | "errArm" | "errPod" | "latArm" | "latPod" | "tauArm", number>>;
  };
}

interface Rollout {
  t: number;
  readonly cohorts: readonly { readonly start: number; readonly pods: number }[];
  readonly truth: { readonly harm: number; readonly active: boolean; readonly pods: number };
  klWindow(canary: Arm, stable: Arm, mix: readonly number[], weight: number): number;
  weight(): number;
  window(weight: number): unknown;
  advance(isHeld: boolean): boolean;
  errP(endpoint: number, log: number, added: number, effect: Effect | null): number;
  bucketP(endpoint: number, log: number, effect: Effect | null, out: Float64Array): Float64Array;
}

type Outcome = readonly [family: string, rps: number, noise: string, state: string, ...rest: unknown[]];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    salts: { type: "string", default: "f1,f2" },
    bad: { type: "string", default: "6" },
    kinds: { type: "string", default: "1" },
    run: { type: "string" },
  },
});
const source = sourcesOf(positionals[0]);
const { population } = (await import(source("population.js"))) as {
  population(asked: { salt: string; nGood: number; nBad: number }): Iterable<Spec>;
};
const sim = (await import(source("sim.js"))) as {
  readonly Rollout: new (spec: Spec) => Rollout;
  readonly NB: number;
  readonly DT: number;
};

const { baseline } = (await import(source("harness.js"))) as {
  /** The reference: a test that knows the harm and the start. `onset` and `at` (when it is sure) in seconds. */
  baseline(spec: Spec): {
    readonly power: readonly number[];
    readonly onset: number;
    readonly at: readonly (number | null)[];
  };
};

const falseRollbacks = 0.001 / Number(values.kinds);
/** How good versions may start in the benchmark. */
const latencyRises = [0, 0.3, 0.6, 1, 1.5, 2];
const failureRises = [0, 0.3, 0.8, 1.5, 2.2, 3];
const fadeSeconds = [30, 45, 70];

interface Start {
  readonly rise: number;
  readonly seconds: number;
  nats: number;
}

/** Harmed requests until it can be sure, at `sureAt` (seconds), or until the end where it never can. */
function limitOf(spec: Spec, release: Effect): { readonly harm: number; readonly sureAt?: number } {
  const { service } = spec;
  const { noise, cold } = service;
  const rollout = new sim.Rollout(spec);
  const isFailing = release.errAdd !== undefined && release.errAdd > 0;
  const isSlower = release.latMul !== undefined || release.tailFrac !== undefined;
  const rises = isFailing ? failureRises : isSlower ? latencyRises : [0];
  const starts = fadeSeconds.flatMap((seconds) => rises.map((rise): Start => ({ rise, seconds, nats: 0 })));
  const shown: { canary: Arm; stable: Arm; mix: readonly number[]; weight: number }[] = [];
  rollout.klWindow = (canary, stable, mix, weight) => {
    shown.push({ canary, stable, mix, weight });
    return 0;
  };
  let harm = 0;
  let judged = 0;
  for (;;) {
    const time = rollout.t;
    const cohorts = rollout.cohorts.map((cohort) => ({ ...cohort }));
    rollout.window(rollout.weight());
    harm += rollout.truth.harm;
    const seen = shown.pop();
    if (seen !== undefined) {
      judged += sim.DT;
      const { canary, stable, mix, weight } = seen;
      const pods = cohorts.reduce((sum, cohort) => sum + cohort.pods, 0);
      const coldness = (seconds: number) =>
        cohorts.reduce((sum, { start, pods: of }) => sum + of * Math.exp(-(time - start) / seconds), 0) / pods;
      const own = {
        latency: Math.log(1 + cold.lat * coldness(cold.tau)),
        failures: Math.log(1 + cold.err * coldness(cold.tau)),
      };
      for (const start of weight < 1 ? starts : []) {
        const risen = Math.log(1 + start.rise * coldness(start.seconds));
        start.nats += divergence(rollout, spec, release, canary, stable, mix, {
          latency: canary.lm - own.latency + (isSlower ? risen : own.latency),
          failures: canary.em - own.failures + (isFailing ? risen : own.failures),
        });
      }
      const most = capOf(spec, release, judged, rollout.truth.pods, noise);
      const least = Math.min(...starts.map(({ nats }) => nats));
      if (least > 0 && 1 / (1 / least + 1 / most) >= Math.log(1 / falseRollbacks)) return { harm, sureAt: rollout.t };
    }
    if (!rollout.advance(false)) return { harm };
  }
}

/** What noise that doesn't average away leaves to know at most, in nats: the benchmark's own. */
function capOf(
  { service }: Spec,
  release: Effect,
  judged: number,
  pods: number,
  noise: Spec["service"]["noise"],
): number {
  if (release.tailFrac !== undefined || release.convMul !== undefined) return Number.POSITIVE_INFINITY;
  const correlated = 1.25 * Math.min(1, (2 * noise.tauArm) / judged);
  const nats = (log: number, arm: number, pod: number) =>
    (log * log) / (2 * (arm * arm * correlated + (pod * pod) / pods));
  const ratios = service.err
    .filter((_, endpoint) => release.errEp === undefined || release.errEp === endpoint)
    .map((rate) => Math.log((rate + (release.errAdd ?? 0)) / rate));
  return Math.max(
    nats(Math.max(0, ...ratios), noise.errArm, noise.errPod),
    nats(Math.log(release.latMul ?? 1), noise.latArm, noise.latPod),
  );
}

/** Of one window, between the harmful version and a harmless one with other logs of its factors. */
function divergence(
  rollout: Rollout,
  { service }: Spec,
  release: Effect,
  canary: Arm,
  stable: Arm,
  mix: readonly number[],
  harmless: { readonly latency: number; readonly failures: number },
): number {
  let nats = 0;
  for (const [endpoint, share] of mix.entries()) {
    const requests = canary.lam * share;
    const control = stable.lam * (service.mix[endpoint] ?? 0);
    if (requests <= 0 || control <= 0) continue;
    if (release.errAdd !== undefined && (release.errEp === undefined || release.errEp === endpoint)) {
      const failing = rollout.errP(endpoint, canary.em, canary.errAdd, release);
      const ratio =
        rollout.errP(endpoint, harmless.failures, canary.errAdd, null) /
        rollout.errP(endpoint, stable.em, stable.errAdd, null);
      const failures = requests * failing;
      const ofControl = control * rollout.errP(endpoint, stable.em, stable.errAdd, null);
      const is = failures / (failures + ofControl);
      const would = (requests * ratio) / (requests * ratio + control);
      nats += ((failures + ofControl) * binary(is, would)) / service.noise.burst;
    }
    if (release.latMul !== undefined || release.tailFrac !== undefined) {
      const is = rollout.bucketP(endpoint, canary.lm, canary.eff, new Float64Array(sim.NB));
      const would = rollout.bucketP(endpoint, harmless.latency, null, new Float64Array(sim.NB));
      let apart = 0;
      for (const [bucket, chance] of is.entries()) {
        if (chance > 1e-12) apart += chance * Math.log(chance / Math.max(1e-12, would[bucket] ?? 0));
      }
      nats += (apart * requests * control) / (requests + control);
    }
    if (endpoint === 0 && release.convMul !== undefined) {
      const converting = service.conv * release.convMul;
      const both = (requests * converting + control * service.conv) / (requests + control);
      nats += requests * binary(converting, both) + control * binary(service.conv, both);
    }
  }
  return nats;
}

const binary = (is: number, would: number): number =>
  is * Math.log(is / would) + (1 - is) * Math.log((1 - is) / (1 - would));

/** From so much power on, at its own share of false rollbacks, the benchmark calls a release detectable. */
const detectablePower = 0.95;

interface Cell {
  releases: number;
  detectable: number;
  /** Of the detectable ones. */
  sure: number;
  limit: number;
  harm: number;
}

const outcomes: Outcome[] = [];
if (values.run !== undefined) {
  const { opt, rows } = JSON.parse(await readFile(values.run, "utf8")) as {
    readonly opt: { readonly families: readonly (readonly [name: string, label: string])[] };
    readonly rows: Readonly<Record<string, readonly Outcome[]>>;
  };
  const bad = new Set(opt.families.flatMap(([name, label]) => (label === "bad" ? [name] : [])));
  outcomes.push(...Object.values(rows).flatMap((of) => of.filter(([family]) => bad.has(family))));
}

const cells = new Map<string, Cell>();
const rates = new Map<number, Cell>();
/** Of those that both it and the reference can be sure of, over the reference's. */
const delays: number[] = [];
let index = 0;
for (const salt of values.salts.split(",")) {
  for (const spec of population({ salt, nGood: 0, nBad: Number(values.bad) })) {
    const outcome = outcomes[index++];
    const { release, family, rps } = spec;
    // Leaks harm nobody until memory is out, and can be seen without a control.
    if (release === null) continue;
    const isLeak = release.leakPerMin !== undefined;
    if (outcome !== undefined && (outcome[0] !== family || outcome[1] !== rps)) {
      throw new Error(
        `${values.run}: expected ${family} at ${rps} rps, found ${outcome[0]} at ${outcome[1]}: are salts and --bad the run's?`,
      );
    }
    // Memory is seen without a control: no start explains a leak.
    const { harm: limit, sureAt } = isLeak ? { harm: 0, sureAt: 0 } : limitOf(spec, release);
    const reference = baseline(spec);
    const isDetectable = isLeak || (reference.power[0] ?? 0) >= detectablePower;
    const [at] = reference.at;
    if (!isLeak && isDetectable && sureAt !== undefined && typeof at === "number") {
      delays.push((sureAt - reference.onset) / Math.max(sim.DT, at - reference.onset));
    }
    for (const [of, key] of [
      [cells, `${rps} rps, ${family}`],
      [rates, rps],
    ] as [Map<string | number, Cell>, string | number][]) {
      const cell = of.get(key) ?? { releases: 0, detectable: 0, sure: 0, limit: 0, harm: 0 };
      of.set(key, cell);
      cell.detectable += Number(isDetectable);
      cell.sure += Number(isDetectable && sureAt !== undefined);
      if (isLeak) continue;
      cell.releases++;
      cell.limit += limit;
      cell.harm += Math.max(0, Number(outcome?.[7] ?? 0));
    }
  }
}
for (const [rps, { releases, detectable, sure, limit, harm }] of rates) {
  const judged = values.run === undefined ? "" : `, left by the judge ${(harm / releases).toFixed(1)}k`;
  console.log(`${rps} rps: harmed requests per 1,000 bad releases at best ${(limit / releases).toFixed(1)}k${judged}`);
  console.log(`  sure of ${sure} of ${detectable} detectable ones before the end`);
  if (values.run === undefined) continue;
  const mine = [...cells]
    .filter(([name]) => name.startsWith(`${rps} rps`))
    .sort(([, a], [, b]) => b.harm - b.limit - a.harm + a.limit);
  for (const [name, cell] of mine.slice(0, 6)) {
    console.log(`  ${name.padEnd(28)} ${((cell.harm - cell.limit) / releases).toFixed(2)}k beyond the limit`);
  }
}
const median = delays.sort((left, right) => left - right)[delays.length >> 1] ?? Number.NaN;
console.log(`median delay at best ${median.toFixed(2)} times the reference's`);
