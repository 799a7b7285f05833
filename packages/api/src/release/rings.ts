import type { CohortRule, Ring } from "../kinds/sluice/ring-set.ts";

/** Whether it takes people in at this weight of the Rollout. */
export function isRingOn({ weight: from }: Ring, weight: number): boolean {
  return weight > 0 && weight >= from;
}

const operators: Readonly<Record<CohortRule["operator"], string>> = {
  equals: "is",
  contains: "contains",
  in: "is one of",
  not_in: "is none of",
};

/** Whom a rule names: `header x-employee is true`. */
export function cohortText({ cookie, header, operator, values }: CohortRule): string {
  const field = header === undefined ? `cookie ${cookie}` : `header ${header}`;
  return `${field} ${operators[operator]} ${values.join(", ")}`;
}

/** Whom a ring takes in, in words. */
export function ringText({ who = [], share }: Ring): string {
  const named = who.map(cohortText).join("; or ");
  if (named === "") return share === undefined ? "everybody, as far as the weight goes" : `${share} % of everybody`;
  return share === undefined ? named : `${named}; and ${share} % of all others`;
}
