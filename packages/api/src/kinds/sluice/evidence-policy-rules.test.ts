import { expect, test } from "vitest";
import { validate } from "../../index.ts";
import { definitionOf } from "../../testing/samples.ts";

const container = { name: "smoke", image: "smoke" };
const job = (restartPolicy: string) => ({ spec: { template: { spec: { restartPolicy, containers: [container] } } } });

const said = (check: object) =>
  validate(definitionOf("EvidencePolicy"), {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "EvidencePolicy",
    metadata: { name: "careful" },
    spec: { syntheticChecks: [{ name: "smoke", ...check }] },
  } as never).map(({ path, expected, repair }) => `${path}: ${expected}; ${repair}`);

test.each([
  [{}, "spec.syntheticChecks[0].service", "or name a job"],
  [{ service: "web", expectBody: "(" }, "spec.syntheticChecks[0].expectBody", "a regular expression"],
  [{ job: job("Always") }, "spec.syntheticChecks[0].job.spec.template.spec.restartPolicy", "Never or OnFailure"],
  [{ job: job("Never"), count: 3 }, "spec.syntheticChecks[0].count", "take it out"],
])("%j is refused", (check, path, words) => {
  expect(said(check)).toContainEqual(expect.stringMatching(`^${path.replaceAll(/[[\]]/g, ".")}: .*${words}`));
});

test.each([{ service: "web" }, { job: job("Never") }, { job: job("Never"), service: "web", port: "http" }])(
  "%j is accepted",
  (check) => {
    expect(said(check)).toEqual([]);
  },
);
