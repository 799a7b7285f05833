import { after, type Instant, seconds } from "@sluice/kernel";
import type { Kpis } from "./kpis.ts";

export type RuleAction = "immediate_rollback" | "scheduled_rollback" | "alert_human" | "monitor_closely" | "continue";

export interface Threshold {
  readonly signal: Exclude<keyof Kpis, "requests" | "stableErrorRate" | "p95Ms"> | "metric";
  readonly metric?: string;
  readonly above?: number;
  readonly below?: number;
}

export interface Rule {
  readonly name: string;
  readonly when: readonly Threshold[];
  readonly action: RuleAction;
  readonly validationSeconds?: number;
  readonly minimumRequests?: number;
}

/** A rule that holds now. */
export interface Broken {
  readonly name: string;
  readonly action: RuleAction;
  /** Since when it has held without a break. */
  readonly since: Instant;
  /** What it looks at. */
  readonly signals: readonly Threshold["signal"][];
  /** Its thresholds with what was seen. */
  readonly message: string;
  /** Its validation time is over, or it needs none. */
  readonly isDue: boolean;
}

export interface RuleInputs {
  readonly kpis: Kpis;
  /** The business' own numbers, by name. */
  readonly metrics: ReadonlyMap<string, number>;
  /** Since when each rule has held, by name. */
  readonly since: ReadonlyMap<string, Instant>;
}

const defaultMinimumRequests = 100;
const defaultValidationSeconds = 300;

/** Which rules hold. One that lacks data, or the requests that it asks for, says nothing. */
export function brokenRules(rules: readonly Rule[], inputs: RuleInputs, now: Instant): readonly Broken[] {
  return rules.flatMap((rule): Broken[] => {
    if (inputs.kpis.requests < (rule.minimumRequests ?? defaultMinimumRequests)) return [];
    const found = rule.when.map((threshold) => ({ threshold, value: seenOf(threshold, inputs) }));
    if (!found.every(({ threshold, value }) => value !== undefined && holds(threshold, value))) return [];
    const since = inputs.since.get(rule.name) ?? now;
    const isShared = isSharedTrouble(rule, inputs.kpis);
    const until = after(since, seconds(rule.validationSeconds ?? defaultValidationSeconds));
    return [
      {
        name: rule.name,
        // What the stable version suffers as well is no fault of the new one: taking it back wouldn't help.
        action: isShared && rule.action.endsWith("rollback") ? "alert_human" : rule.action,
        since,
        signals: rule.when.map(({ signal }) => signal),
        message:
          found.map(({ threshold, value = 0 }) => describe(threshold, value)).join(" and ") +
          (isShared ? `; the stable version fails as well (${round(inputs.kpis.stableErrorRate ?? 0)} %)` : ""),
        isDue: rule.action !== "scheduled_rollback" || now >= until,
      },
    ];
  });
}

function seenOf({ signal, metric }: Threshold, { kpis, metrics }: RuleInputs): number | undefined {
  return signal === "metric" ? metrics.get(metric ?? "") : kpis[signal];
}

const holds = ({ above, below }: Threshold, value: number): boolean =>
  (above !== undefined && value > above) || (below !== undefined && value < below);

function isSharedTrouble({ when }: Rule, { stableErrorRate }: Kpis): boolean {
  const limit = when.find(({ signal }) => signal === "errorRate")?.above;
  return limit !== undefined && stableErrorRate !== undefined && stableErrorRate > limit;
}

const words: Readonly<Record<Threshold["signal"], string>> = {
  errorRate: "error rate",
  errorRateChange: "change of the error rate",
  p95Change: "change of the p95 latency",
  conversionChange: "change of the conversion rate",
  memoryGrowth: "growth of memory",
  memoryUsage: "use of the memory limit",
  metric: "",
};

function describe({ signal, metric = "", above, below }: Threshold, value: number): string {
  const unit = signal === "metric" ? "" : " %";
  const limit = above === undefined ? `below ${below}${unit}` : `above ${above}${unit}`;
  return `${words[signal] || metric} ${round(value)}${unit}, ${limit}`;
}

const round = (value: number): string => String(Number(value.toPrecision(3)));
