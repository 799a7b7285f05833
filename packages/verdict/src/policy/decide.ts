import { after, type Instant, seconds } from "@sluice/kernel";
import type { Verdict } from "../judge.ts";
import type { Broken } from "./rules.ts";

/** A remote model's answer to `POST /predict`. */
export interface Prediction {
  /** That the release should be taken back, 0 to 1. */
  readonly probability: number;
  readonly explanation?: string;
  readonly recommendedAction?: string;
}

export interface Ruling {
  readonly action: Verdict["action"];
  readonly because: string;
  /** "judge", "model", or a rule's name. */
  readonly decidedBy: string;
}

/** Beyond this a model's word ends a release once it has been validated; beyond the other the weight is held. */
const modelRollback = 0.9;
const modelMonitor = 0.6;

/** For so long a model must be sure before it ends a release. */
const validation = seconds(300);

/** So sure that the release would end, once that has been validated. */
export const isAlarming = (prediction: Prediction | undefined): boolean =>
  prediction !== undefined && prediction.probability > modelRollback;

export const isValidated = (alarmedSince: Instant | undefined, now: Instant): boolean =>
  alarmedSince !== undefined && now >= after(alarmedSince, validation);

export interface Heard {
  readonly verdict: Pick<Verdict, "action" | "because" | "proven">;
  readonly broken: readonly Broken[];
  /** Absent where no model is asked, or it didn't answer: the built-in verdict stands. */
  readonly prediction?: Prediction;
  /** The model was above its limit without a break for five minutes. */
  readonly isPredictionValidated?: boolean;
  readonly use?: "beside" | "instead";
}

/** What follows from all that is known, the gravest first; a tie goes to rules, which a team wrote itself. */
export function decide({ verdict, broken, prediction, isPredictionValidated, use }: Heard): Ruling {
  const rulings: Ruling[] = broken.map((rule) => ({
    action: actionOf(rule),
    because: `rule ${rule.name}: ${rule.message}${rule.isDue ? "" : "; being validated"}`,
    decidedBy: rule.name,
  }));
  if (prediction !== undefined) rulings.push(modelRuling(prediction, isPredictionValidated === true));
  if (prediction === undefined || use !== "instead") {
    const action = isForPerson(verdict, broken) ? "alert" : verdict.action;
    rulings.push({ action, because: verdict.because, decidedBy: "judge" });
  }
  return rulings.reduce((gravest, ruling) => (graveness(ruling) > graveness(gravest) ? ruling : gravest));
}

/** Fewer conversions may be meant: a team whose rule asks a person about them is asked, however well they are proven. */
function isForPerson({ action, proven }: Heard["verdict"], broken: readonly Broken[]): boolean {
  const isOfConversions = proven.length > 0 && proven.every((signal) => signal === "conversions");
  const asks = broken.some((rule) => rule.action === "alert_human" && rule.signals.includes("conversionChange"));
  return action === "rollback" && isOfConversions && asks;
}

const order = ["continue", "monitor", "alert", "rollback"] as const;
const graveness = ({ action }: Ruling): number => order.indexOf(action);

function actionOf({ action, isDue }: Broken): Verdict["action"] {
  switch (action) {
    case "immediate_rollback":
      return "rollback";
    case "scheduled_rollback":
      return isDue ? "rollback" : "monitor";
    case "alert_human":
      return "alert";
    case "monitor_closely":
      return "monitor";
    case "continue":
      return "continue";
  }
}

function modelRuling({ probability, explanation }: Prediction, isValidated: boolean): Ruling {
  const said = `the model gives ${Math.round(probability * 100)} % for a rollback${explanation === undefined ? "" : `: ${explanation}`}`;
  if (probability > modelRollback) {
    return { action: isValidated ? "rollback" : "monitor", because: said, decidedBy: "model" };
  }
  return { action: probability > modelMonitor ? "monitor" : "continue", because: said, decidedBy: "model" };
}
