import {
  type AnalysisRun,
  defaultRollbackRules,
  type EvidencePolicy,
  type JudgementSpec,
  type Resource,
  type Rollout,
} from "@sluice/api";
import { isEmptyAnswer, type JudgedWindows, measuredAs, type QueryResult } from "@sluice/controllers";
import { instant, type TaskWork, toFault } from "@sluice/kernel";
import { brokenRules } from "@sluice/verdict";
import type { Ask } from "./ask.ts";
import type { Objects } from "./world.ts";

/** What a reply comes to for the controllers that asked, in a world of these objects. */
function meaningIn(does: Ask["does"], work: TaskWork, objects: Objects): Ask["meaningOf"] {
  const meaning = meaningOfDone(does, work, objects);
  return (reply) => {
    if (reply.is === "done") return meaning(reply.result);
    const { kind, message } = toFault(reply.cause);
    return `refused: ${kind} ${message}`;
  };
}

type MeaningOfDone = (result: unknown) => string | undefined;
const unknown: MeaningOfDone = () => undefined;

function meaningOfDone(does: Ask["does"], work: TaskWork, objects: Objects): MeaningOfDone {
  switch (does) {
    case "queryPrometheus":
      return meaningOfAnswer(String(work.query), objects);
    case "canaryTraffic": {
      // Where so many are asked for, their number is compared and told.
      const counts = ofKind<EvidencePolicy>(objects, "EvidencePolicy").some(
        ({ spec }) => (spec.minimumRequests ?? 0) > 0,
      );
      return counts ? unknown : (result) => ((result as { requests: number }).requests > 0 ? "some" : "none");
    }
    case "judgeWindows":
      return meaningOfVerdict(work.spec as JudgementSpec);
  }
}

/** Measured values are for people; what counts is what the conditions say of them, and of no data the very words. */
function meaningOfAnswer(query: string, objects: Objects): MeaningOfDone {
  const runs = ofKind<AnalysisRun>(objects, "AnalysisRun");
  const asking = runs.map((run) => measuredAs(run, query)).filter((measured) => measured !== undefined);
  // What a run with Secrets asks isn't known here: it may be this.
  if (asking.length === 0 || runs.some(hasSecrets)) return unknown;
  return (result) => {
    const answer = result as QueryResult;
    const measured = asking.map((measuredOf) => measuredOf(answer)).join("; ");
    return isEmptyAnswer(answer) ? `${measured}, of no data: ${answer.value}` : measured;
  };
}

const hasSecrets = ({ spec }: AnalysisRun): boolean =>
  (spec.args ?? []).some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined);

/** That all is well has no figures: whatever else the judge says is about this release alone. */
function meaningOfVerdict({ comparedWith, policy, rules = defaultRollbackRules, metrics = [], model }: JudgementSpec) {
  if (comparedWith !== undefined || metrics.length > 0 || model !== undefined) return unknown;
  return (result: unknown): string | undefined => {
    const { windows, verdict, kpis } = result as JudgedWindows;
    if (verdict.action !== "continue" || verdict.suspects) return undefined;
    const known = { kpis, metrics: new Map<string, number>(), since: new Map() };
    if (policy !== undefined && brokenRules(rules, known, instant(0)).length > 0) return undefined;
    return `calm after ${windows}`;
  };
}

const ofKind = <R extends Resource>(objects: Objects, kind: string): readonly R[] =>
  [...objects.values()].filter((object): object is R => object.kind === kind);

const nothing: Objects = new Map();

/** What a reply means is found out only where somebody wants to know it: in the turn in which it was asked. */
export function askOf(does: Ask["does"], work: TaskWork, rollout: Rollout, objects: Objects): Ask {
  let meaning: Ask["meaningOf"] | undefined;
  let then = objects;
  return {
    does,
    work,
    rollout,
    meaningOf: (reply) => {
      meaning ??= meaningIn(does, work, then);
      // Kept for as long as the course is, which its world isn't.
      then = nothing;
      return meaning(reply);
    },
  };
}
