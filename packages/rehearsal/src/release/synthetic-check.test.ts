import type { Resource } from "@sluice/api";
import { expect, test } from "vitest";
import { defaultTraffic } from "../model/traffic.ts";
import { canary, errors, named, options, policyOf } from "../rehearsal.fixture.ts";
import { rehearse } from "../report/rehearse.ts";

const evidence = (spec: object): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "EvidencePolicy",
    metadata: { name: "quiet", namespace: "shop" },
    spec,
  }) as Resource;
const check = { name: "home", service: "web", path: "/", every: "1s", count: 60, failureLimit: 3 };
const quiet = { ...options, traffic: { ...defaultTraffic, requestsPerSecond: 0.5 } };

test("where nobody comes synthetic checks find what fails before a user does, and pass a good release", async () => {
  const policy = await policyOf(canary(), errors(), evidence({ minimumRequests: 60, syntheticChecks: [check] }));

  const { profiles } = await rehearse(policy, { ...quiet, faults: named("error +50pp") });

  const [found] = profiles.sluice?.faults ?? [];
  expect(found).toMatchObject({ caught: 1, by: "synthetic check home", weight: 0.1 });
  expect(found?.seconds).toBeLessThan(60);
  // The original knows no such policy.
  expect(Object.keys(profiles.argo?.faults[0]?.rules ?? {})).not.toContain("synthetic check home");
  expect(profiles.sluice?.good).toMatchObject({ falseAborts: 0, asked: 0 });
});

test("too few requests in the time that the policy gives: a person is asked then, however long the progress deadline", async () => {
  const policy = await policyOf(canary(), errors(), evidence({ minimumRequests: 200, askAfter: "30m" }));

  const { profiles } = await rehearse(policy, { ...quiet, faults: [], goodRuns: 1 });

  expect(profiles.sluice?.good).toMatchObject({ asked: 1, falseAborts: 0, rules: { NoData: 1 } });
  expect(profiles.sluice?.good.seconds).toBeGreaterThan(1800);
  expect(profiles.argo?.good).toMatchObject({ asked: 0, falseAborts: 0 });
});

test("a check by a Job isn't modelled, and that is said", async () => {
  const job = {
    name: "smoke",
    job: {
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "smoke", image: "smoke:1" }] } } },
    },
  };
  const policy = await policyOf(canary(), errors(), evidence({ syntheticChecks: [job] }));

  const { unanswerable, profiles } = await rehearse(policy, { ...options, faults: [], goodRuns: 1 });

  expect(unanswerable).toEqual([{ template: "quiet", metric: "smoke", because: "what its Job does isn't modelled" }]);
  expect(profiles.sluice?.good).toMatchObject({ asked: 0, falseAborts: 0 });
});
