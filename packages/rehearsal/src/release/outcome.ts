import type { AnalysisRun, Decision, DecisionAction, JudgementStatus } from "@sluice/api";
import { type Instant, parseInstant } from "@sluice/kernel";
import type { Objects } from "./control-plane/world.ts";

/** What ended a release, as the page says it. */
export interface Rule {
  /** `error-rate` of a template, `judge: failures`, `crash loop`, … */
  readonly by: string;
  /** False where Argo Rollouts has it too. */
  readonly isOurs: boolean;
}

export interface Outcome {
  /** `asked`: it waits for a person, since the evidence was missing or undecided. `stuck`: it neither ends nor is taken back. */
  readonly end: "promoted" | "aborted" | "asked" | "stuck";
  readonly rule?: Rule;
  /** Index of the step in which it ended. */
  readonly step: number;
  /** 0..1, the canary's last share above nothing. */
  readonly weight: number;
  readonly seconds: number;
  readonly heldSeconds: number;
  readonly waitedSeconds: number;
  readonly canaryRequests: number;
  readonly harmed: number;
  /** What the controllers decided about the new version, in order. */
  readonly decisions: readonly Decided[];
  /** Each share that it had, and the index of the step then. */
  readonly weights: readonly { readonly atSeconds: number; readonly weight: number; readonly step: number }[];
}

export interface Decided {
  readonly atSeconds: number;
  readonly action: DecisionAction;
  readonly step?: number;
  readonly because: string;
  readonly by?: string;
}

export function decisionsOn(hash: string, decisions: Iterable<Decision>, beganAt: Instant): readonly Decided[] {
  return [...decisions]
    .filter(({ spec }) => spec.subject.podTemplateHash === hash)
    .map(({ spec: { at, action, because, by, inputs } }) => ({
      atSeconds: ((parseInstant(at) ?? beganAt) - beganAt) / 1000,
      action,
      because,
      ...(typeof inputs?.step === "number" ? { step: inputs.step } : {}),
      ...(by === undefined ? {} : { by }),
    }));
}

/** From what the controller said, in the words of the rule that said it. */
export function ruleOf(message: string, said: JudgementStatus | undefined, objects: Objects): Rule {
  if (said?.because !== undefined && message.includes(said.because)) return ruleOfJudge(said);
  if (message.includes("crash loop")) return { by: "crash loop", isOurs: true };
  if (/: never ready: |timed out progressing/.test(message)) return { by: "never ready", isOurs: true };
  const check = /synthetic check ([\w.-]+):/.exec(message)?.[1];
  if (check !== undefined) return { by: `synthetic check ${check}`, isOurs: true };
  const metric = /Metric "([^"]+)"/.exec(message)?.[1];
  if (metric !== undefined) return { by: metric, isOurs: false };
  const invalid = /Analysis spec invalid: (.*)/s.exec(message)?.[1];
  if (invalid !== undefined) return { by: `${invalidAnalysis}${invalid}`, isOurs: false };
  const failed = metricsIn(objects).find(({ phase }) => phase === "Failed" || phase === "Error");
  const [, reason = message] = /Rollout aborted update to revision \d+: (.*)/s.exec(message) ?? [];
  return { by: failed?.name ?? (reason === "" ? "unknown" : reason), isOurs: false };
}

/** What an analysis that can't be run at all is told with. */
export const invalidAnalysis = "invalid analysis: ";

/** What a release is told with that a rehearsal gave up. */
export const notOver = "not over after two weeks";

/** A person is asked, where a metric is the reason with its name. */
export function ruleOfDoubt(reason: string, objects: Objects): Rule {
  const metric = metricsIn(objects).find(({ phase }) => phase === "Inconclusive");
  return { by: metric === undefined ? reason : `${reason}: ${metric.name}`, isOurs: true };
}

const metricsIn = (objects: Objects) =>
  [...objects.values()]
    .filter((object): object is AnalysisRun => object.kind === "AnalysisRun")
    .flatMap(({ status }) => status?.metricResults ?? []);

export const ruleOfJudge = ({ decidedBy = "judge", evidence }: JudgementStatus): Rule => ({
  by: decidedBy === "judge" ? `judge: ${evidence?.[0]?.signal ?? "evidence"}` : `policy: ${decidedBy}`,
  isOurs: true,
});
