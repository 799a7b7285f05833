import {
  choice,
  count,
  goDuration,
  integer,
  keyed,
  object,
  text,
  textMap,
  withoutDefaults,
} from "../../schema/build.ts";
import { jobSpec } from "../batch/job-schema.ts";
import { labelSelector } from "../meta-schema.ts";

const syntheticCheck = object(
  "Requests that Sluice itself sends to the Pods of a version.",
  {
    name: text("What it is called.", { minLength: 1, maxLength: 63 }),
    service: text("A Service that has the version's Pods; a Job is told where they answer.", { minLength: 1 }),
    job: object(
      "A Job instead of requests: Complete is good, Failed is bad.",
      {
        metadata: object("Of the Job.", { labels: textMap("Labels."), annotations: textMap("Annotations.") }),
        spec: withoutDefaults(jobSpec),
      },
      { required: ["spec"] },
    ),
    port: text("Name of the Service's port; absent: its first."),
    path: text("What is asked for; absent: /.", { pattern: "^/" }),
    host: text("The Host header; absent: the Service's name."),
    expectStatus: integer("The right answer; absent: 200.", { minimum: 100, maximum: 599 }),
    expectBody: text("A regular expression that the body must have somewhere."),
    every: goDuration("How long between two requests; absent: 1s."),
    count: integer("How many; absent: 10.", { minimum: 1, maximum: 10_000 }),
    failureLimit: count("How many may fail; absent: none."),
  },
  { required: ["name"] },
);

export const evidencePolicySpec = object("What counts as evidence of a version, and what happens without.", {
  selector: labelSelector,
  noData: choice("What becomes of a version that nothing is known of; absent: hold.", ["hold", "fail", "pass"]),
  minimumRequests: count("An analysis begins once the version has had so many, real and synthetic ones."),
  askAfter: goDuration("How long a version may go without them, until noData says what happens; absent: 10m."),
  syntheticChecks: keyed("Requests of our own, where nobody else may come.", ["name"], syntheticCheck),
});
