import type { Client, KindRegistry } from "@sluice/api";
import {
  applyManifestsHandler,
  askJudge,
  type JudgedWindows,
  type TaskHandler,
  workloadDigests,
} from "@sluice/controllers";
import { Fault, ratio } from "@sluice/kernel";
import type { Answer, Ruling } from "../story/story.ts";
import { ModelledRepository } from "./repository.ts";

/** What lies beyond the controllers, and what it answers at the moment. */
export class Outside {
  answer: Answer = "good";
  ruling: Ruling = "continue";
  readonly repository: ModelledRepository;

  constructor(kinds: KindRegistry) {
    this.repository = new ModelledRepository({ digestsOf: workloadDigests((kind) => kinds.byKind(kind)) });
  }

  /** `client` crashes as the controllers' own does. */
  tasks(client: Client): Readonly<Record<string, TaskHandler>> {
    const answered = async () => {
      if (this.answer === "fails") throw new Fault("unavailable", "connection refused");
      return {};
    };
    return {
      queryPrometheus: async () => this.#measured(),
      queryWeb: async () => this.#measured(),
      queryPlugin: async () => this.#measured(),
      compareVersions: async () => this.#compared(),
      askJudge: askJudge(client),
      syntheticCheck: async ({ count }) => {
        await answered();
        return this.answer === "bad"
          ? { passed: 0, failed: count, message: "status 500" }
          : { passed: count, failed: 0 };
      },
      ringTraffic: async () => ({ rings: [{ name: "all", canary: 100, stable: 900 }] }),
      canaryTraffic: async () => ({ requests: this.answer === "empty" ? 0 : 1000 }),
      judgeWindows: async ({ upTo }) => this.#judged(Number(upTo)),
      fetchManifests: this.repository.fetch,
      revertInGit: this.repository.revert,
      applyManifests: applyManifestsHandler(client, { parallel: 1 }),
      checkHttp: answered,
      verifySwitch: answered,
      userAnswers: async () => ({ requests: 0, failed: 0, usual: { requests: 0, failed: 0 } }),
    };
  }

  #measured(): unknown {
    switch (this.answer) {
      case "good":
        return { value: "[0.01]", parsed: [0.01] };
      case "bad":
        return { value: "[0.5]", parsed: [0.5] };
      case "NaN":
        return { value: "[NaN]", parsed: [Number.NaN] };
      case "empty":
        return { value: "[]", parsed: [] };
      case "fails":
        throw new Fault("unavailable", "connection refused");
    }
  }

  #compared(): unknown {
    const [value] = (this.#measured() as { readonly parsed: readonly number[] }).parsed;
    if (value === undefined) return { value: "[]", parsed: [] };
    // Between what passes and what fails nobody knows.
    const score = Number.isNaN(value) ? 80 : value < 0.05 ? 100 : 10;
    return { value: String(score), parsed: { score } };
  }

  #judged(windows: number): JudgedWindows {
    const action = this.ruling;
    return {
      windows,
      verdict: {
        action,
        confidence: ratio(0.99),
        nats: action === "continue" ? 0 : 12,
        bar: 6.9,
        suspects: action !== "continue",
        requests: 1000,
        because: action === "continue" ? "nothing speaks against it" : "checkout fails more often",
        evidence: [],
        proven: action === "rollback" ? ["failures"] : [],
      },
      kpis: {
        requests: 1000,
        errorRate: this.answer === "bad" ? 0.5 : 0.01,
        stableErrorRate: undefined,
        errorRateChange: undefined,
        p95Change: this.answer === "NaN" ? 0.8 : 0,
        conversionChange: undefined,
        memoryGrowth: undefined,
        memoryUsage: undefined,
      },
      metrics: { orders: this.answer === "empty" ? 0 : 10 },
    };
  }
}
