// The judge on a world of queues, on one of traces that nothing was set or trained on, on one Pod against one, and against a
// fresh baseline that starts apart; and what one judgement costs.
// docs/verdict.md says how the larger benchmark is driven by `sluice judge`. EACH=48: four times the sample; WHY=1: what
// each false rollback rested on; LEARNED=off: proof alone.
import { performance } from "node:perf_hooks";
import { type Random, seededRandom } from "@sluice/kernel";
import { createJudge } from "@sluice/verdict";
import type { Row } from "./row.ts";
import { interval } from "./verdict/interval.ts";
import { LayeredWorld } from "./verdict/layered-world.ts";
import { type LoneHarm, LoneWorld } from "./verdict/lone-world.ts";
import { QueueingWorld, type Release } from "./verdict/queueing-world.ts";
import { type TracedHarm, type TracedNuisance, TraceWorld } from "./verdict/trace-world.ts";
import type { World } from "./verdict/world.ts";

const good: Readonly<Record<string, Release>> = {
  "no change": {},
  faster: { slowerService: 0.85 },
  "15 % more memory": { moreMemory: 1.15 },
  "long cold start": { coldSeconds: 120, coldSlower: 0.8 },
  "steep cold start": { coldSeconds: 40, coldSlower: 2 },
  "1 % slower node": { noisyNode: 1.01 },
  "shared outage": { outage: { from: 900, seconds: 500, failing: 0.1 } },
};
const bad: Readonly<Record<string, Release>> = {
  "1 point of failures": { failing: 0.01 },
  "5 points of failures": { failing: 0.05 },
  "one endpoint fails by 20 points": { failing: 0.2, failingEndpoint: 2 },
  "service 1.3 times slower": { slowerService: 1.3 },
  "service 2 times slower": { slowerService: 2 },
  "3 % of requests time out": { timeouts: 0.03 },
  "30 % fewer conversions": { lostConversions: 0.3 },
  "memory doubles in an hour": { leakAnHour: 1 },
  "5 points of failures after 10 minutes": { failing: 0.05, onset: 600 },
};
const busyRates = [2, 20, 200];
const windows = [5, 10, 30];

/** Good and bad releases in the world of traces, which no judge was set or trained on: the guard of what is learned. */
const guardGood: Readonly<Record<string, TracedNuisance>> = {
  "no change": {},
  "cold cache": { coldCache: true },
  "connections opened anew": { coldCache: true, poolSeconds: 40 },
  retries: { retries: 1.2 },
  "batch jobs and pauses": { batch: true, pauses: true },
  "sticky users": { sticky: 0.03, coldCache: true },
  "all at once": { coldCache: true, poolSeconds: 25, retries: 0.8, batch: true, pauses: true, sticky: 0.02 },
};
const guardBad: Readonly<Record<string, TracedHarm>> = {
  "1 point of failures": { failing: 0.01 },
  "5 points of failures": { failing: 0.05 },
  "half again the work": { work: 1.5 },
  "three times the work": { work: 3 },
  "half of the cache lost": { uncached: 0.5 },
  "30 % fewer conversions": { lost: 0.3 },
  "5 points of failures after 15 minutes": { failing: 0.05, onset: 900 },
};

/** One Pod of each version on a busy machine: at so few requests little can be said, and less of how fast a version is. */
const loneGood: Readonly<Record<string, LoneHarm>> = { "one Pod each, the very same program": {} };
const loneBad: Readonly<Record<string, LoneHarm>> = {
  "half again as slow": { slower: 1.5 },
  "twice as slow": { slower: 2 },
  "three times as slow": { slower: 3 },
  "5 points of failures": { failing: 0.05 },
  "50 points of failures": { failing: 0.5 },
};
const loneRates = [0.3, 0.8, 2];
/** A world that draws its own rate is played once. */
const drawn = [0];

interface Outcome {
  readonly rate: number;
  readonly rolledBackAt: number | undefined;
  readonly heldSeconds: number;
  readonly because: string;
  readonly microsPerWindow: number;
}

function play(world: World, rate: number): Outcome {
  const judge = createJudge(world.release, undefined, process.env.LEARNED === "off" ? { learned: "off" } : {});
  const seconds = world.windowSeconds;
  let [step, stepAge, held, spent, count] = [0, 0, 0, 0, 0];
  let rolledBackAt: number | undefined;
  let told = "";
  for (let time = 0; time < 6000 && rolledBackAt === undefined; time += seconds) {
    const current = world.release.plan[step];
    if (current === undefined) break;
    const window = world.window(time, current.weight, step, stepAge);
    const began = performance.now();
    const { action, because } = judge.observe(window);
    spent += performance.now() - began;
    count++;
    if (action === "rollback") {
      rolledBackAt = time + seconds;
      told = because;
    }
    if (action !== "continue") held += seconds;
    else stepAge += seconds;
    if (stepAge * 1000 >= current.lasts) {
      step++;
      stepAge = 0;
    }
  }
  return { rate, rolledBackAt, heldSeconds: held, because: told, microsPerWindow: (1000 * spent) / count };
}

type Make = (random: Random, rate: number, windowSeconds: number) => World;

/** `each` releases at every rate. The same name brings the same releases. */
function outcomesOf(name: string, each: number, make: Make, rates: readonly number[]): Outcome[] {
  const seed = [...name].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) >>> 0, 7);
  return rates.flatMap((rate, rateIndex) =>
    Array.from({ length: each }, (_, index) => {
      const random = seededRandom(seed + 1000 * index + rateIndex);
      return play(make(random, rate, windows[index % windows.length] ?? 10), rate);
    }),
  );
}

const queueing =
  (truth: Release): Make =>
  (random, rate, windowSeconds) =>
    new QueueingWorld(random, truth, rate, windowSeconds, 0.05);

const traced =
  (harm: TracedHarm, nuisance: TracedNuisance): Make =>
  (random, rate, windowSeconds) =>
    new TraceWorld(random, rate, windowSeconds, harm, nuisance);

const lone =
  (harm: LoneHarm): Make =>
  (random, rate) =>
    new LoneWorld(random, rate, harm);

/** A fresh baseline that is as cold as the canary only by and large; rate, windows and harm are drawn. */
const apart =
  (isBad: boolean): Make =>
  (random) =>
    new LayeredWorld(random, isBad, 1, random);

const share = (outcomes: readonly Outcome[]): number =>
  (100 * outcomes.filter(({ rolledBackAt }) => rolledBackAt !== undefined).length) / outcomes.length;

function median(outcomes: readonly Outcome[]): number {
  const times = outcomes.flatMap(({ rolledBackAt }) => rolledBackAt ?? []).sort((left, right) => left - right);
  return times[Math.floor(times.length / 2)] ?? 0;
}

/** What one world says: false rollbacks with Wilson's 95 % interval, holds, and what is caught, when. */
function rowsOf(
  world: string,
  each: number,
  makers: { readonly good: Readonly<Record<string, Make>>; readonly bad: Readonly<Record<string, Make>> },
  rates: readonly number[] = busyRates,
): { readonly rows: Row[]; readonly goods: readonly Outcome[] } {
  const all = Object.entries(makers.good).map(([name, make]) => ({
    name,
    outcomes: outcomesOf(name, each, make, rates),
  }));
  const goods = all.flatMap(({ outcomes }) => outcomes);
  for (const { name, outcomes } of process.env.WHY === undefined ? [] : all) {
    for (const { rate, because, rolledBackAt } of outcomes) {
      if (because !== "") console.log(`  false, ${world}: ${name}, ${rate} rps, after ${rolledBackAt} s: ${because}`);
    }
  }
  const wrong = goods.filter(({ rolledBackAt }) => rolledBackAt !== undefined).length;
  const [low, high] = interval(wrong, goods.length);
  const rows: Row[] = [
    {
      name: `${world}: false rollbacks, ${wrong} of ${goods.length} good`,
      value: share(goods),
      unit: "%",
      goal: "<= 0.1 %",
    },
    { name: `${world}: 95 % of such samples come from at least`, value: low, unit: "%" },
    { name: `${world}: and at most`, value: high, unit: "%" },
  ];
  for (const { name, outcomes } of all) {
    if (share(outcomes) > 0)
      rows.push({ name: `  of these: ${name}`, value: share(outcomes), unit: "%", goal: "<= 0.5 %" });
  }
  const held = (100 * goods.reduce((sum, { heldSeconds }) => sum + heldSeconds, 0)) / (3600 * goods.length);
  rows.push({ name: `${world}: good releases take longer by`, value: held, unit: "%", goal: "<= 2 %" });
  for (const [name, make] of Object.entries(makers.bad)) {
    const outcomes = outcomesOf(name, Math.ceil(each / 3), make, rates);
    rows.push({ name: `${world}: caught of ${outcomes.length}: ${name}`, value: share(outcomes), unit: "%" });
    rows.push({ name: "  at the median after", value: median(outcomes), unit: "s" });
  }
  return { rows, goods };
}

const mapped = <From>(from: Readonly<Record<string, From>>, to: (one: From) => Make): Record<string, Make> =>
  Object.fromEntries(Object.entries(from).map(([name, one]) => [name, to(one)]));

export async function bench(): Promise<Row[]> {
  const each = Number(process.env.EACH ?? 12);
  const queues = rowsOf("queues", each, { good: mapped(good, queueing), bad: mapped(bad, queueing) });
  const traces = rowsOf("traces", each, {
    good: mapped(guardGood, (nuisance) => traced({}, nuisance)),
    bad: mapped(guardBad, (harm) => traced(harm, { coldCache: true, retries: 0.5 })),
  });
  const pods = rowsOf("Pods", 4 * each, { good: mapped(loneGood, lone), bad: mapped(loneBad, lone) }, loneRates);
  const fresh = rowsOf(
    "fresh baseline",
    8 * each,
    { good: { "starts apart": apart(false) }, bad: { "any harm, not all of it to be seen": apart(true) } },
    drawn,
  );
  const goods = [...queues.goods, ...traces.goods, ...pods.goods, ...fresh.goods];
  const micros = goods.reduce((sum, { microsPerWindow }) => sum + microsPerWindow, 0) / goods.length;
  return [
    ...queues.rows,
    ...traces.rows,
    ...pods.rows,
    ...fresh.rows,
    { name: "one judgement", value: micros, unit: "us", goal: "< 1000 us" },
  ];
}
