import type { Client, KindRegistry } from "@sluice/api";
import { applyManifestsHandler, type JudgedWindows, type TaskHandler, workloadDigests } from "@sluice/controllers";
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
      ringTraffic: async () => ({ rings: [] }),
      canaryTraffic: async () => ({ requests: 1000 }),
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

  #judged(windows: number): JudgedWindows {
    const action = this.ruling;
    return {
      windows,
      verdict: {
        action,
        confidence: ratio(0.99),
        nats: action === "continue" ? 0 : 12,
        suspects: action !== "continue",
        requests: 1000,
        because: action === "continue" ? "nothing speaks against it" : "checkout fails more often",
        evidence: [],
      },
      kpis: {
        requests: 1000,
        errorRate: undefined,
        stableErrorRate: undefined,
        errorRateChange: undefined,
        p95Change: undefined,
        conversionChange: undefined,
        memoryGrowth: undefined,
        memoryUsage: undefined,
      },
      metrics: {},
    };
  }
}
