import type { Violation } from "@sluice/kernel";
import { show } from "../../schema/show.ts";
import type { EvidencePolicy } from "./evidence-policy.ts";

/** What the schema can't say: that expectBody is a regular expression. */
export function checkEvidencePolicy({ spec }: EvidencePolicy): readonly Violation[] {
  return (spec.syntheticChecks ?? []).flatMap(({ expectBody }, index) =>
    expectBody === undefined || isRegularExpression(expectBody)
      ? []
      : [
          {
            path: `spec.syntheticChecks[${index}].expectBody`,
            found: show(expectBody),
            expected: "a regular expression",
          },
        ],
  );
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
