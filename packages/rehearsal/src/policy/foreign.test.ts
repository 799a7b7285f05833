import type { AnalysisTemplate, Resource } from "@sluice/api";
import { expect, test } from "vitest";
import { canary, errors, named, options, policyOf } from "../rehearsal.fixture.ts";
import { rehearse } from "../report/rehearse.ts";

/** As Argo Rollouts has it: nginx sends the shares, and Datadog is asked beside Prometheus. */
function argoManifests(provider: object = { datadog: { apiVersion: "v2", query: "sum:errors" } }): readonly Resource[] {
  const template = errors() as unknown as AnalysisTemplate;
  const foreign = { name: "foreign", successCondition: "result < 0.01", provider };
  const spec = { ...template.spec, metrics: [...(template.spec.metrics ?? []), foreign] };
  const trafficRouting = { nginx: { stableIngress: "web" } };
  return [
    canary({ canaryService: "web-canary", stableService: "web-stable", trafficRouting }),
    { ...template, spec } as unknown as Resource,
  ];
}

test("what a team has for Argo Rollouts is rehearsed, and what is answered by nobody here is named", async () => {
  const policy = await policyOf(...argoManifests());

  const { profiles, madeUp, unanswerable } = await rehearse(policy, { ...options, faults: named("error +50pp") });

  expect(madeUp[0]).toMatch(/^the shares by a VirtualService: trafficRouting by nginx isn't supported here/);
  expect(unanswerable).toMatchObject([
    { template: "errors", metric: "foreign", because: expect.stringContaining("the provider datadog isn't supported") },
  ]);
  // The rest decides, at the first weight: a tenth of the requests goes to the new version.
  expect(profiles.argo?.faults[0]).toMatchObject({ caught: 1, by: "errors", weight: 0.1 });
  expect(profiles.argo?.good).toMatchObject({ falseAborts: 0, asked: 0 });
});

test("a provider that nobody has stays the store's to refuse", async () => {
  await expect(policyOf(...argoManifests({ prometeus: { query: "1" } }))).rejects.toThrow("prometeus");
});
