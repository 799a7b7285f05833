import type { JudgedWindows } from "../../judgement/index.ts";
import type { TaskHandler } from "../../loop/index.ts";

/** What the judge says from now on. */
export class Bench {
  action: JudgedWindows["verdict"]["action"] = "continue";
  suspects = false;
  errorRate = 0.1;
  stableErrorRate = 0.1;
  requests = 500;
  readonly asked: number[] = [];
  /** Of the model, which is asked from then on; "none": it doesn't answer. */
  probability: number | "none" | undefined;

  readonly handler: TaskHandler = async ({ upTo }) => {
    this.asked.push(Number(upTo));
    const result: JudgedWindows = {
      windows: Number(upTo),
      verdict: {
        action: this.action,
        confidence: 0.9 as JudgedWindows["verdict"]["confidence"],
        nats: this.action === "rollback" ? 7 : 0,
        bar: 6.9,
        suspects: this.suspects,
        requests: this.requests,
        because: this.action === "continue" ? "no harm is seen" : "checkout fails 2 % on v2",
        evidence: [{ signal: "failures", nats: 7, since: 12 }],
        proven: this.action === "rollback" ? ["failures"] : [],
      },
      kpis: {
        requests: this.requests,
        errorRate: this.errorRate,
        stableErrorRate: this.stableErrorRate,
        errorRateChange: undefined,
        p95Change: undefined,
        conversionChange: undefined,
        memoryGrowth: undefined,
        memoryUsage: undefined,
      },
      metrics: {},
      ...(this.probability === undefined ? {} : { model: modelWith(this.probability) }),
    };
    return result;
  };
}

const modelWith = (probability: number | "none"): NonNullable<JudgedWindows["model"]> =>
  probability === "none" ? { message: "no answer in time" } : { prediction: { probability }, message: "answered" };
