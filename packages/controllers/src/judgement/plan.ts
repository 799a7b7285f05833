import { defaultRollbackRules, type JudgementSpec, type JudgementStatus } from "@sluice/api";
import {
  after,
  formatInstant,
  type Instant,
  instant,
  millis,
  type Plan,
  type PlannedEvent,
  parseInstant,
  seconds,
  unreachable,
} from "@sluice/kernel";
import { brokenRules, decide, isAlarming, isValidated, judgeVersion } from "@sluice/verdict";
import type { Effect } from "../loop/index.ts";
import type { JudgedWindows, ObservedJudgement } from "./observe.ts";

type JudgementPlan = Plan<Effect, JudgementStatus>;

/** The router is scraped each second: a window is read once its last second must be there. */
const settling = seconds(1.5);
/** A handler that never answers holds nothing: the windows are asked for again. */
const patience = seconds(30);

/** Asks for the verdict at the end of each window; what a policy's rules and a model say is laid over it. */
export function plan(observed: ObservedJudgement, now: Instant): JudgementPlan {
  const { judgement, rollout, task } = observed;
  const { spec, status = {} } = judgement;
  const isGone = rollout === undefined && task.state.is !== "running";
  if (spec.terminate === true || isGone || status.phase === "Ended") {
    const stop: Effect[] = task.state.is === "absent" ? [] : [{ do: "cancelTask", id: task.id }];
    return { actions: stop, status: { ...status, phase: "Ended" }, because: "the release has ended" };
  }
  switch (task.state.is) {
    case "absent":
      return ask(observed, now);
    case "running": {
      const until = after(task.state.startedAt, millis(patience + waitForModel(spec)));
      if (now < until) return { actions: [], because: "windows are being judged", wakeAt: until };
      return put(observed, { ...status, message: "the metrics don't answer" }, "the metrics don't answer");
    }
    case "done":
      return judged(observed, task.state.result, now);
    case "refused": {
      const { message } = task.state.fault;
      const again = after(task.state.finishedAt, seconds(spec.windowSeconds));
      const told = { ...status, phase: "Judging", message } as const;
      if (now < again) return { actions: [], status: told, because: message, wakeAt: again };
      return put(observed, told, message);
    }
    default:
      return unreachable(task.state);
  }
}

/** A model that speaks instead of the judge is waited for. */
const waitForModel = ({ model }: JudgementSpec) => seconds(model?.use === "instead" ? (model.timeoutSeconds ?? 2) : 0);

/** Forgets the task, so that the next turn asks anew. */
const put = ({ task }: ObservedJudgement, status: JudgementStatus, because: string): JudgementPlan => ({
  actions: [{ do: "cancelTask", id: task.id }],
  status,
  because,
});

function ask(observed: ObservedJudgement, now: Instant): JudgementPlan {
  const { judgement, rollout, task, canary, stable, token } = observed;
  const { spec, status = {}, metadata } = judgement;
  const began = parseInstant(spec.beganAt) ?? now;
  const known = status.windows ?? 0;
  const length = seconds(spec.windowSeconds);
  const due = instant(began + (known + 1) * length + settling);
  const step = stepOf(observed, now);
  const stepped: JudgementStatus = { ...status, phase: "Judging", step };
  if (now < due) return { actions: [], status: stepped, because: `judged ${known} windows`, wakeAt: due };
  const weight = rollout?.status?.canary?.weights?.canary.weight ?? spec.plan[step.index]?.weight ?? 100;
  const start: Effect = {
    do: "startTask",
    id: task.id,
    work: {
      do: "judgeWindows",
      uid: metadata.uid,
      namespace: metadata.namespace,
      spec,
      known,
      upTo: Math.floor((now - settling - began) / length),
      weight,
      step: step.index,
      stepSince: parseInstant(step.since) ?? now,
      canary,
      stable,
      ...(token === undefined ? {} : { token }),
    },
  };
  return { actions: [start], status: stepped, because: `window ${known + 1} is over` };
}

/** Where the release is in the plan: its highest weight that was reached. */
export const stepReached = (plan: JudgementSpec["plan"], weight: number): number =>
  Math.max(
    0,
    plan.findLastIndex((step) => step.weight <= weight),
  );

function stepOf({ judgement, rollout }: ObservedJudgement, now: Instant) {
  const index = stepReached(judgement.spec.plan, rollout?.status?.canary?.weights?.canary.weight ?? 0);
  const known = judgement.status?.step;
  return known?.index === index ? known : { index, since: formatInstant(now, "millis") };
}

function judged(observed: ObservedJudgement, result: JudgedWindows, now: Instant): JudgementPlan {
  const { judgement } = observed;
  const { spec, status = {} } = judgement;
  const since = new Map(
    (status.brokenRules ?? []).flatMap(({ name, since: at }) => {
      const parsed = parseInstant(at);
      return parsed === undefined ? [] : [[name, parsed] as const];
    }),
  );
  const rules = spec.policy === undefined ? [] : (spec.rules ?? defaultRollbackRules);
  const broken = brokenRules(
    rules,
    { kpis: result.kpis, metrics: new Map(Object.entries(result.metrics)), since },
    now,
  );
  const prediction = result.model?.prediction;
  const alarmedSince = isAlarming(prediction) ? (modelSince(status) ?? now) : undefined;
  const ruling = decide({
    verdict: result.verdict,
    broken,
    ...(prediction === undefined ? {} : { prediction }),
    isPredictionValidated: isValidated(alarmedSince, now),
    ...(spec.model?.use === undefined ? {} : { use: spec.model.use }),
  });
  const { confidence, nats, bar, suspects, requests, evidence } = result.verdict;
  const isReplaced = spec.model?.use === "instead" && prediction !== undefined;
  const next: JudgementStatus = {
    phase: "Judging",
    action: ruling.action,
    decidedBy: ruling.decidedBy,
    because: ruling.because,
    confidence,
    ...(Number.isFinite(nats) ? { nats: rounded(nats) } : {}),
    judge: judgeVersion,
    rollbackNats: rounded(bar),
    // A model that speaks instead of the judge is not held up by what the judge doubts.
    suspects: (suspects && !isReplaced) || ruling.action === "monitor",
    evidence: evidence
      .filter((one) => Number.isFinite(one.nats))
      .map((one) => ({ ...one, nats: rounded(one.nats), since: Math.round(one.since) })),
    brokenRules: broken.map(({ name, action, since: from, message }) => ({
      name,
      action,
      since: formatInstant(from),
      message,
    })),
    ...(result.model === undefined
      ? {}
      : {
          model: {
            message: result.model.message,
            ...(prediction === undefined ? {} : { probability: prediction.probability }),
            ...(prediction?.recommendedAction === undefined ? {} : { recommendedAction: prediction.recommendedAction }),
            ...(alarmedSince === undefined ? {} : { alarmedSince: formatInstant(alarmedSince) }),
          },
        }),
    windows: result.windows,
    requests,
    lastWindowAt: formatInstant(
      instant((parseInstant(spec.beganAt) ?? now) + result.windows * seconds(spec.windowSeconds)),
    ),
    ...(status.step === undefined ? {} : { step: status.step }),
  };
  const events = [eventOf(status, next), modelEvent(status, next)].filter((event) => event !== undefined);
  return { ...put(observed, next, ruling.because), ...(events.length === 0 ? {} : { events }) };
}

const modelSince = ({ model }: JudgementStatus): Instant | undefined => parseInstant(model?.alarmedSince ?? "");
const rounded = (nats: number): number => Math.round(nats * 1000) / 1000;

function eventOf(before: JudgementStatus, next: JudgementStatus): PlannedEvent | undefined {
  if (next.action === before.action || (before.action === undefined && next.action === "continue")) return undefined;
  const isGrave = next.action === "rollback" || next.action === "alert";
  return {
    type: isGrave ? "Warning" : "Normal",
    reason: "VerdictChanged",
    message: `${next.action}: ${next.because}`,
  };
}

/** Told when a model falls silent and when it answers again, not at each window in between. */
function modelEvent({ model: before }: JudgementStatus, { model }: JudgementStatus): PlannedEvent | undefined {
  if (model === undefined) return undefined;
  const isSilent = model.probability === undefined;
  const wasSilent = before !== undefined && before.probability === undefined;
  if (isSilent === wasSilent) return undefined;
  return isSilent
    ? { type: "Warning", reason: "ModelSilent", message: `the policy's model: ${model.message}` }
    : { type: "Normal", reason: "ModelAnswers", message: "the policy's model answers again" };
}
