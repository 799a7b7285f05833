// The judge on a world of queues that no judge was tuned to, and what one judgement costs. docs/verdict.md says how the
// larger benchmark is driven by `sluice judge`.
import { performance } from "node:perf_hooks";
import { seededRandom } from "@sluice/kernel";
import { createJudge } from "@sluice/verdict";
import type { Row } from "./row.ts";
import { QueueingWorld, type Release } from "./verdict/queueing-world.ts";

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
const rates = [2, 20, 200];
const windows = [5, 10, 30];

interface Outcome {
  readonly rolledBackAt: number | undefined;
  readonly heldSeconds: number;
  readonly because: string;
  readonly microsPerWindow: number;
}

function play(world: QueueingWorld): Outcome {
  const judge = createJudge(world.release);
  const seconds = world.windowSeconds;
  let [step, stepAge, held, spent, count] = [0, 0, 0, 0, 0];
  for (let time = 0; time < 6000; time += seconds) {
    const current = world.release.plan[step];
    if (current === undefined) break;
    const window = world.window(time, current.weight, step, stepAge);
    const began = performance.now();
    const { action, because } = judge.observe(window);
    spent += performance.now() - began;
    count++;
    if (action === "rollback") {
      const microsPerWindow = (1000 * spent) / count;
      return { rolledBackAt: time + seconds, heldSeconds: held, because, microsPerWindow };
    }
    if (action !== "continue") held += seconds;
    else stepAge += seconds;
    if (stepAge * 1000 >= current.lasts) {
      step++;
      stepAge = 0;
    }
  }
  return { rolledBackAt: undefined, heldSeconds: held, because: "", microsPerWindow: (1000 * spent) / count };
}

function outcomesOf(name: string, truth: Release, each: number): Outcome[] {
  return rates.flatMap((rate, rateIndex) =>
    Array.from({ length: each }, (_, index) => {
      const seed = [...name].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) >>> 0, 7);
      const random = seededRandom(seed + 1000 * index + rateIndex);
      return play(new QueueingWorld(random, truth, rate, windows[index % windows.length] ?? 10, 0.05));
    }),
  );
}

export async function bench(): Promise<Row[]> {
  const each = Number(process.env.EACH ?? 12);
  const rows: Row[] = [];
  const all = Object.entries(good).map(([name, truth]) => ({ name, outcomes: outcomesOf(name, truth, each) }));
  const share = (outcomes: readonly Outcome[]) =>
    (100 * outcomes.filter(({ rolledBackAt }) => rolledBackAt !== undefined).length) / outcomes.length;
  const goods = all.flatMap(({ outcomes }) => outcomes);
  for (const { name, outcomes } of process.env.WHY === undefined ? [] : all) {
    for (const [index, { because, rolledBackAt }] of outcomes.entries()) {
      const rate = rates[Math.floor(index / each)];
      if (because !== "") console.log(`  false: ${name}, ${rate} rps, after ${rolledBackAt} s: ${because}`);
    }
  }
  rows.push({ name: `false rollbacks, of ${goods.length} good`, value: share(goods), unit: "%", goal: "<= 0.1 %" });
  for (const { name, outcomes } of all) {
    if (share(outcomes) > 0)
      rows.push({ name: `  of these: ${name}`, value: share(outcomes), unit: "%", goal: "<= 0.5 %" });
  }
  const held = (100 * goods.reduce((sum, { heldSeconds }) => sum + heldSeconds, 0)) / (3600 * goods.length);
  rows.push({ name: "good releases take longer by", value: held, unit: "%", goal: "<= 2 %" });
  for (const [name, truth] of Object.entries(bad)) {
    rows.push({ name: `caught: ${name}`, value: share(outcomesOf(name, truth, Math.ceil(each / 3))), unit: "%" });
  }
  const micros = goods.reduce((sum, { microsPerWindow }) => sum + microsPerWindow, 0) / goods.length;
  rows.push({ name: "one judgement", value: micros, unit: "us", goal: "< 1000 us" });
  return rows;
}
