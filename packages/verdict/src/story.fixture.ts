import { millis, type Random, ratio, seededRandom } from "@sluice/kernel";
import {
  createJudge,
  type JudgedRelease,
  type JudgedWindow,
  type Names,
  type Verdict,
  type VersionServed,
} from "./index.ts";

const edges = [10, 20, 40, 80, 160, 320, 640];

interface Behaviour {
  readonly failing?: number;
  readonly slower?: number;
  readonly converting?: number;
  readonly memory?: number;
  readonly restarts?: number;
  readonly pods?: number;
}

/** A version that serves `rate` requests a second for `seconds`, on two endpoints. */
export function serve(random: Random, rate: number, seconds: number, behaviour: Behaviour = {}): VersionServed {
  const { failing = 0.004, slower = 1, converting = 0.03, memory = 100, restarts = 0, pods = 4 } = behaviour;
  const endpoints = [0.7, 0.3].map((share) => {
    const requests = Math.round(rate * seconds * share);
    const latencyCounts = new Array<number>(edges.length + 1).fill(0);
    let failures = 0;
    for (let index = 0; index < requests; index++) {
      if (random.next() < failing) failures++;
      const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
      const latency = 40 * slower * Math.exp(0.6 * normal);
      const bucket = edges.findIndex((edge) => latency <= edge);
      const at = bucket < 0 ? edges.length : bucket;
      latencyCounts[at] = (latencyCounts[at] ?? 0) + 1;
    }
    return { requests, failures, latencyCounts };
  });
  const total = (get: (served: (typeof endpoints)[number]) => number) =>
    endpoints.reduce((sum, one) => sum + get(one), 0);
  const exposures = endpoints[0]?.requests ?? 0;
  let conversions = 0;
  for (let index = 0; index < exposures; index++) if (random.next() < converting) conversions++;
  return {
    requests: total((one) => one.requests),
    failures: total((one) => one.failures),
    latencyCounts: edges.concat(0).map((_, bucket) => total((one) => one.latencyCounts[bucket] ?? 0)),
    endpoints,
    exposures,
    conversions,
    memoryMax: memory,
    restarts,
    pods,
  };
}

export class Story {
  readonly #random = seededRandom(11);
  readonly #judge: ReturnType<typeof createJudge>;
  #time = 0;
  last: Verdict | undefined;

  constructor(names?: Names, control: NonNullable<JudgedRelease["control"]> = "stable") {
    const release: JudgedRelease = {
      plan: [
        { weight: ratio(0.2), lasts: millis(600_000) },
        { weight: ratio(0.5), lasts: millis(600_000) },
        { weight: ratio(1), lasts: millis(600_000) },
      ],
      bucketEdgesMs: edges,
      history: Array.from({ length: 20 }, () => ({
        lasts: millis(60_000),
        first: serve(this.#random, 25, 60),
        second: serve(this.#random, 25, 60),
      })),
      control,
      ...(names === undefined ? {} : { names }),
    };
    this.#judge = createJudge(release);
  }

  /** Windows of ten seconds at a fifth of 100 requests a second, until the verdict is rollback. */
  run(windows: number, canary: (time: number) => Behaviour, stable: (time: number) => Behaviour = () => ({})): Story {
    for (let index = 0; index < windows && this.last?.action !== "rollback"; index++) {
      this.observe({
        canary: serve(this.#random, 20, 10, canary(this.#time)),
        stable: serve(this.#random, 80, 10, stable(this.#time)),
      });
    }
    return this;
  }

  /** Windows of ten seconds in one step of ten minutes that may last longer, until the verdict is rollback. */
  steps(rate: number, windows: number, at: Pick<JudgedWindow, "weight" | "step">, canary: Behaviour): Verdict[] {
    const verdicts: Verdict[] = [];
    for (let index = 1; index <= windows && this.last?.action !== "rollback"; index++) {
      const stepAge = millis(Math.min(60, index) * 10_000);
      const served = { canary: serve(this.#random, rate, 10, canary), stable: serve(this.#random, 4 * rate, 10) };
      verdicts.push(this.observe({ ...at, stepAge, ...served }));
    }
    return verdicts;
  }

  observe(served: Pick<JudgedWindow, "canary"> & Partial<JudgedWindow>): Verdict {
    this.#time += 10;
    const window: JudgedWindow = {
      ends: millis(this.#time * 1000),
      lasts: millis(10_000),
      weight: ratio(0.2),
      step: 0,
      stepAge: millis(Math.min(590, this.#time) * 1000),
      ...served,
    };
    this.last = this.#judge.observe(window);
    return this.last;
  }

  get seconds(): number {
    return this.#time;
  }
}
