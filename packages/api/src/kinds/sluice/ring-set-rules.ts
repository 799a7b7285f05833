import type { Violation } from "@sluice/kernel";
import { doubled, doubles, exactlyOne, invalid } from "../rules.ts";
import type { RingSet } from "./ring-set.ts";

export function checkRingSet({ spec }: RingSet): readonly Violation[] {
  const violations: Violation[] = [];
  if (spec.user !== undefined) violations.push(...exactlyOne("spec.user", spec.user, ["cookie", "header"], "key"));
  for (const { index, name } of doubles(spec.rings.map(({ name }) => name))) {
    violations.push(doubled(`spec.rings[${index}].name`, name, "the rings"));
  }
  let before = 0;
  for (const [index, { weight, who }] of spec.rings.entries()) {
    const at = `spec.rings[${index}]`;
    if (weight <= before) {
      violations.push(
        invalid({ path: `${at}.weight`, found: String(weight), expected: `more than ${before}, the ring's before` }),
      );
    }
    before = weight;
    for (const [place, rule] of (who ?? []).entries()) {
      violations.push(...exactlyOne(`${at}.who[${place}]`, rule, ["cookie", "header"], "cookie or header"));
    }
  }
  return violations;
}
