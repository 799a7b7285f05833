import type { Violation } from "@sluice/kernel";
import { show } from "../../schema/show.ts";
import type { Job } from "../batch/job.ts";
import { checkJob } from "../batch/job-rules.ts";
import { forbidden, invalid, missing, setKeys } from "../rules.ts";
import type { EvidencePolicy, SyntheticCheck } from "./evidence-policy.ts";

/** What only makes sense in requests of ours. */
const requestFields = ["path", "host", "expectStatus", "expectBody", "every", "count", "failureLimit"] as const;

/** What the schema can't say: requests or a Job, and that expectBody is a regular expression. */
export const checkEvidencePolicy = ({ spec }: EvidencePolicy): readonly Violation[] =>
  (spec.syntheticChecks ?? []).flatMap((check, index) => checkOne(check, `spec.syntheticChecks[${index}]`));

function checkOne(check: SyntheticCheck, path: string): readonly Violation[] {
  const { expectBody, service, job } = check;
  if (job !== undefined) {
    const found = checkJob({ apiVersion: "batch/v1", kind: "Job", metadata: {}, spec: job.spec } as Job);
    return [
      ...found.map((violation) => ({ ...violation, path: `${path}.job.${violation.path}` })),
      ...setKeys(check, requestFields).map((field) =>
        forbidden({
          path: `${path}.${field}`,
          found: show(check[field as keyof SyntheticCheck]),
          expected: "nothing beside job: the Job asks what it likes",
          repair: "take it out",
        }),
      ),
    ];
  }
  return [
    ...(service === undefined
      ? [missing(`${path}.service`, "a Service that has the version's pods", "or name a job")]
      : []),
    ...(expectBody === undefined || isRegularExpression(expectBody)
      ? []
      : [invalid({ path: `${path}.expectBody`, found: show(expectBody), expected: "a regular expression" })]),
  ];
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
