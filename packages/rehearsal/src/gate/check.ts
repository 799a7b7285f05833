import { Fault } from "@sluice/kernel";
import { amount, percent, span } from "../report/findings.ts";
import type { ProfileResult, Rehearsal } from "../report/result.ts";
import { quantile } from "../report/summary.ts";
import { harmOf, readRequirements } from "./read.ts";
import type { Clause } from "./requirement.ts";

export interface Checked {
  readonly requirement: string;
  readonly isMet: boolean;
  readonly found: string;
}

/** Whether each is met. Faults: invalid where one can't be, see `readRequirements`. */
export function checkRequirements(text: string, rehearsal: Rehearsal): readonly Checked[] {
  const names = [
    ...new Set(Object.values(rehearsal.profiles).flatMap(({ faults }) => faults.map(({ fault }) => fault))),
  ];
  return readRequirements(text, names).flatMap((clause) => {
    const result = rehearsal.profiles[clause.profile];
    if (result === undefined)
      throw new Fault("invalid", `${clause.text}: the profile ${clause.profile} wasn't rehearsed`);
    const { value, words } = measured(clause, result);
    return [{ requirement: clause.text, isMet: holds(value, clause), found: words }];
  });
}

function measured(clause: Clause, { good, faults }: ProfileResult): { value: number; words: string } {
  const share = (value: number) => ({ value, words: percent(value) });
  const time = (value: number) => ({ value, words: span(value) });
  switch (clause.measure) {
    case "caught": {
      const found = faults.find(({ fault }) => fault === clause.argument);
      return share(found?.caught ?? 0);
    }
    case "falseAborts":
      return share(good.falseAborts);
    case "asked":
      return share(good.asked);
    case "harmed": {
      const { which, fault } = harmOf(clause);
      const chosen = faults.filter((one) => (fault === "" ? one.isHarmful : one.fault === fault));
      if (chosen.length === 0) {
        throw new Fault("invalid", `${clause.text}: found no fault that harms, expected one: rehearse another --fault`);
      }
      const harms = chosen.map((one) => (which === "p95" ? one.harmedP95 : one.harmedMedian));
      // Without a fault it is over all of them, each as likely as the next.
      const value = quantile(harms, which === "p95" ? 0.95 : 0.5);
      return { value, words: `${amount(value)} requests` };
    }
    case "duration":
      return time(good.seconds);
    case "waits":
      return time(good.waitedSeconds);
  }
}

function holds(value: number, { operator, limit }: Clause): boolean {
  const near = 1e-9;
  switch (operator) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit + near;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit - near;
  }
}
