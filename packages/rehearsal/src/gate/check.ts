import { Fault } from "@sluice/kernel";
import { describeRefusal } from "@sluice/languages";
import { amount, percent, span } from "../report/findings.ts";
import type { ProfileResult, Rehearsal } from "../report/result.ts";
import { quantile } from "../report/summary.ts";
import { type Clause, parseRequirements } from "./requirement.ts";

export interface Checked {
  readonly requirement: string;
  readonly isMet: boolean;
  readonly found: string;
}

/** Faults: invalid, with the position of what can't be read, or the faults that there are. */
export function checkRequirements(text: string, rehearsal: Rehearsal): readonly Checked[] {
  const clauses = parseRequirements(text);
  if (clauses.is === "refused") {
    throw new Fault("invalid", `requirement ${describeRefusal(clauses.refusal, text)}\n  ${text}`);
  }
  return clauses.value.map((clause) => {
    const result = rehearsal.profiles[clause.profile];
    if (result === undefined)
      throw new Fault("invalid", `${clause.text}: the profile ${clause.profile} wasn't rehearsed`);
    const { value, words } = measured(clause, result);
    return { requirement: clause.text, isMet: holds(value, clause), found: words };
  });
}

function measured(clause: Clause, { good, faults }: ProfileResult): { value: number; words: string } {
  const share = (value: number) => ({ value, words: percent(value) });
  const time = (value: number) => ({ value, words: span(value) });
  switch (clause.measure) {
    case "caught": {
      const found = faults.find(({ fault }) => fault === clause.argument);
      if (found === undefined)
        throw unknownFault(
          clause,
          faults.map(({ fault }) => fault),
        );
      return share(found.caught);
    }
    case "falseAborts":
      return share(good.falseAborts);
    case "asked":
      return share(good.asked);
    case "harmed": {
      const [which = "", ...rest] = (clause.argument ?? "").split(",").map((part) => part.trim());
      const fault = rest.join(",");
      if (which !== "p95" && which !== "median") {
        throw new Fault("invalid", `${clause.text}: found ${which}, expected median or p95, then a fault or nothing`);
      }
      const chosen = faults.filter((one) => (fault === "" ? one.isHarmful : one.fault === fault));
      if (chosen.length === 0)
        throw unknownFault(
          clause,
          faults.map((one) => one.fault),
        );
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

const unknownFault = ({ text, argument }: Clause, known: readonly string[]): Fault =>
  new Fault("invalid", `${text}: no fault "${argument}" was rehearsed; there are ${known.join(", ")}`);

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
