import type { DecisionEvidence } from "@sluice/api";
import type { Effect } from "../../loop/index.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { goalCounts } from "../canary/goals.ts";
import type { ObservedRollout } from "../observe.ts";
import { availableOf, type View, wantedOf } from "../view.ts";
import { lengthOf } from "./policy.ts";
import { checkJob } from "./synthetic-job-plan.ts";

/** What our own requests say of the version on its way. */
export type Synthetic =
  | { readonly is: "none" | "running" }
  | { readonly is: "passed"; readonly requests: number; readonly message: string }
  | { readonly is: "failed"; readonly message: string };

export function syntheticOf({ synthetic }: ObservedRollout): Synthetic {
  if (synthetic.length === 0) return { is: "none" };
  let requests = 0;
  const words: string[] = [];
  let isOpen = false;
  for (const { check, state } of synthetic) {
    if (state.is !== "done") {
      // Nobody could ask: that is no word about the version.
      if (state.is === "refused") return { is: "none" };
      isOpen = true;
      continue;
    }
    const { passed, failed, message = "" } = state.result;
    if (check.job !== undefined) {
      if (failed > 0) return { is: "failed", message: `synthetic check ${check.name}: ${message}` };
      words.push(`${check.name} (Job)`);
      continue;
    }
    const text = `synthetic check ${check.name}: ${failed} of ${passed + failed} requests failed`;
    if (failed > (check.failureLimit ?? 0)) return { is: "failed", message: `${text}${message && `: ${message}`}` };
    requests += passed;
    words.push(`${check.name} ${passed} of ${passed + failed}`);
  }
  return isOpen
    ? { is: "running" }
    : { is: "passed", requests, message: `synthetic checks passed: ${words.join(", ")}` };
}

/** Whether our own requests may still tell. A version that is to have no Pod here, as before the first weight, can't be asked. */
export const mayStillTell = (observed: ObservedRollout, view: View): boolean =>
  syntheticOf(observed).is === "running" &&
  (isToHavePods(view) || observed.synthetic.some(({ state }) => state.is !== "absent"));

/** Those that it gets in this very turn count as well: repeated after a conflict it would be another decision. */
const isToHavePods = (view: View): boolean =>
  wantedOf(view.canary) > 0 || (blueGreenOf(view.rollout) === undefined && goalCounts(view, false).canary > 0);

/** Begun once the version has a Pod that can answer. */
export function planSynthetic(observed: ObservedRollout, view: View): readonly Effect[] {
  const { synthetic, rollout } = observed;
  const { hash, canary } = view;
  if (availableOf(canary) === 0) return [];
  return synthetic.flatMap(({ id, check, state }): Effect[] => {
    if (state.is !== "absent") return [];
    if (check.job !== undefined) {
      const job = checkJob(observed, view, check);
      return job === undefined ? [] : [job];
    }
    const { name, service, port, path = "/", host, expectStatus = 200, expectBody, every, count = 10 } = check;
    const work = {
      do: "syntheticCheck",
      namespace: rollout.metadata.namespace,
      podTemplateHash: hash,
      name,
      service,
      path,
      expectStatus,
      everyMillis: lengthOf(every) ?? 1000,
      count,
      failureLimit: check.failureLimit ?? 0,
      ...(port === undefined ? {} : { port }),
      ...(host === undefined ? {} : { host }),
      ...(expectBody === undefined ? {} : { expectBody }),
    };
    return [{ do: "startTask", id, work }];
  });
}

export const endSynthetic = ({ synthetic }: ObservedRollout): readonly Effect[] =>
  synthetic
    .filter(({ state, check }) => check.job === undefined && state.is !== "absent")
    .map(({ id }): Effect => ({ do: "cancelTask", id }));

export const syntheticEvidence = ({ synthetic }: ObservedRollout): readonly DecisionEvidence[] =>
  synthetic.flatMap(({ check, state }) => {
    if (state.is !== "done") return [];
    const { passed, failed, message } = state.result;
    if (check.job !== undefined) {
      const verdict = failed > 0 ? "Failed" : "Successful";
      return [
        { name: `synthetic check ${check.name}`, value: "Job", verdict, ...(message === undefined ? {} : { message }) },
      ];
    }
    const verdict = failed > (check.failureLimit ?? 0) ? "Failed" : "Successful";
    const limit = `at most ${check.failureLimit ?? 0} failed`;
    const value = `${passed} of ${passed + failed} requests`;
    const name = `synthetic check ${check.name}`;
    return [{ name, value, threshold: limit, verdict, ...(message === undefined ? {} : { message }) }];
  });
