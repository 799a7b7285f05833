import type { AnalysisRun, DecisionEvidence, Measurement, MetricResult } from "@sluice/api";
import { after, type Instant, parseInstant, seconds } from "@sluice/kernel";
import type { TrafficQuestion } from "../observe.ts";

/** What an analysis says of the canary, once it is asked whether its evidence was evidence. */
export type Judgement =
  | { readonly is: "running" | "inconclusive" }
  /** With a message where it isn't the measurements that say so. */
  | { readonly is: "good"; readonly message?: string }
  /** Waits for the answer whether the canary got requests; until then nothing is decided. */
  | { readonly is: "asking"; readonly until: Instant | undefined; readonly because?: string }
  | { readonly is: "bad"; readonly message: string }
  /** The provider failed: nobody knows anything of the canary. */
  | { readonly is: "broken"; readonly message: string }
  | { readonly is: "noData"; readonly message: string };

/** Counters are sampled each second: a request of just now may not be seen yet. */
const trafficPatience = seconds(5);

export interface JudgeOptions {
  /** False where the gate is off: then the run's phase is all. */
  readonly needsData: boolean;
  /** Undefined where no router counts requests. */
  readonly traffic: TrafficQuestion | undefined;
}

export function judgeRun(run: AnalysisRun, { needsData, traffic }: JudgeOptions, now: Instant): Judgement {
  const { phase = "", message = "", metricResults = [] } = run.status ?? {};
  const counted = metricResults.filter(({ dryRun }) => dryRun !== true);
  switch (phase) {
    case "Successful": {
      if (!needsData) return { is: "good" };
      const blind = counted.find(isBlind);
      if (blind !== undefined) return { is: "noData", message: emptyWords(blind) };
      return withTraffic({ is: "good" }, run, traffic, now);
    }
    case "Failed": {
      if (!needsData) return { is: "bad", message };
      const failed = counted.filter((result) => result.phase === "Failed");
      const sawNothing = failed.every((result) => ofPhase(result, "Failed").every(isEmptyAnswer));
      const [first] = failed;
      if (first !== undefined && sawNothing) return { is: "noData", message: emptyWords(first) };
      return withTraffic({ is: "bad", message }, run, traffic, now);
    }
    case "Error": {
      const broken = counted.filter((result) => result.phase === "Error");
      const sawNothing = broken.every((result) => ofPhase(result, "Error").every(isEmptyAnswer));
      const [first] = broken;
      if (needsData && first !== undefined && sawNothing) return { is: "noData", message: emptyWords(first) };
      return { is: "broken", message };
    }
    case "Inconclusive": {
      const blind = counted.find((result) => result.phase === "Inconclusive" && isBlind(result));
      return needsData && blind !== undefined ? { is: "noData", message: emptyWords(blind) } : { is: "inconclusive" };
    }
    default:
      return { is: "running" };
  }
}

/** A verdict on a canary that nobody asked anything is none. Known requests end the question at once. */
function withTraffic(
  verdict: Judgement,
  run: AnalysisRun,
  traffic: TrafficQuestion | undefined,
  now: Instant,
): Judgement {
  if (traffic === undefined) return verdict;
  const endedAt = parseInstant(run.status?.completedAt ?? "") ?? now;
  const patience = after(endedAt, trafficPatience);
  const { state } = traffic;
  if (state.is === "refused") return verdict;
  if (state.is === "done") {
    if (state.result.requests > 0) return verdict;
    if (state.finishedAt >= patience) {
      return { is: "noData", message: `the canary got no request while ${run.metadata.name} looked at it` };
    }
    // Past the patience it is the next answer that is waited for.
    return { is: "asking", until: now < patience ? patience : undefined };
  }
  // Nobody answers: what the measurements say must be enough.
  const giveUp = after(patience, trafficPatience);
  return now >= giveUp ? verdict : { is: "asking", until: giveUp };
}

const completed = (result: MetricResult): readonly Measurement[] =>
  (result.measurements ?? []).filter(({ phase }) => phase !== "Running" && phase !== "Pending");
const ofPhase = (result: MetricResult, phase: string) => completed(result).filter((one) => one.phase === phase);

/** Measured, and never anything but NaN or nothing. An error without a value is the provider's, not the canary's. */
export function isBlind(result: MetricResult): boolean {
  const answered = completed(result).filter(({ value }) => value !== undefined);
  return answered.length > 0 && answered.every(isEmptyAnswer);
}

/** `[]`, `{}`, `null`, nothing, or NaN and only NaN. */
export function isEmptyAnswer({ value }: Pick<Measurement, "value">): boolean {
  // A number, as nearly all of them: each measurement is asked for at each look.
  if (value === undefined || /\d/.test(value)) return false;
  const inner = value
    .trim()
    .replace(/^[[{]/, "")
    .replace(/[\]}]$/, "")
    .trim();
  if (inner === "" || inner === "null" || inner === '""' || inner === "<nil>") return true;
  return inner.split(",").every((part) => part.trim().toLowerCase() === "nan");
}

const emptyWords = (result: MetricResult): string => {
  const last = completed(result).findLast(isEmptyAnswer);
  return `metric ${result.name} answered ${last?.value === "" ? "nothing" : (last?.value ?? "nothing")}: no data to judge by`;
};

/** Each metric of a run, for people. */
export function evidenceOf(
  run: AnalysisRun | undefined,
  requests: number | undefined,
  weight: number | undefined,
): readonly DecisionEvidence[] {
  return (run?.status?.metricResults ?? []).map((result) => {
    const metric = run?.spec.metrics.find(({ name }) => name === result.name);
    const last = result.measurements?.at(-1);
    const threshold = [metric?.successCondition, metric?.failureCondition && `not ${metric.failureCondition}`]
      .filter((condition) => condition !== undefined && condition !== "")
      .join("; ");
    return {
      name: result.name,
      ...(last?.value === undefined ? {} : { value: last.value }),
      ...(threshold === "" ? {} : { threshold }),
      verdict: result.phase,
      ...(requests === undefined ? {} : { requests }),
      ...(weight === undefined ? {} : { share: weight / 100 }),
      ...(last?.message === undefined ? {} : { message: last.message }),
      ...(last?.finishedAt === undefined ? {} : { at: last.finishedAt }),
    };
  });
}
