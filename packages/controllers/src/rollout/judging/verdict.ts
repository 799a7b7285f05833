import { blueGreenOf } from "../bluegreen/strategy.ts";
import type { Verdict } from "../verdict/verdict-words.ts";
import type { View } from "../view.ts";
import { isAfterSwitch } from "./current.ts";

/** The judge's word, or that of a rule of the team's policy or of its model. */
export function judgeVerdict({ rollout, judgement, judged, status }: View): Verdict | undefined {
  if (judgement === undefined || judged?.action !== "rollback" || status.promoteFull === true) return undefined;
  // Testers at a preview are no users, and may try what fails: a person is asked.
  if (blueGreenOf(rollout) !== undefined && !isAfterSwitch(judgement)) return undefined;
  const { because = "", decidedBy = "judge", confidence, requests, evidence = [], windows = 0, judge } = judged;
  const { name, uid } = judgement.metadata;
  return {
    cause: "judge",
    message: decidedBy === "judge" ? because : `${decidedBy === "model" ? "" : "policy: "}${because}`,
    isBlamed: true,
    run: undefined,
    inputs: { judgement: name, judgementUid: uid, windows, decidedBy, ...(judge === undefined ? {} : { judge }) },
    evidence: evidence.slice(0, 5).map(({ signal, endpoint, nats }) => ({
      name: signal,
      value: nats,
      ...(requests === undefined ? {} : { requests }),
      ...(confidence === undefined ? {} : { confidence }),
      message: endpoint === undefined ? "evidence in nats" : `evidence in nats, at ${endpoint}`,
    })),
  };
}
