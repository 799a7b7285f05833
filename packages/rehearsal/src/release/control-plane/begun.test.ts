import type { Resource } from "@sluice/api";
import { expect, test } from "vitest";
import { canary, errors, named, options, policyOf } from "../../rehearsal.fixture.ts";
import { rehearse } from "../../report/rehearse.ts";
import type { Outcome } from "../outcome.ts";
import { rehearseRelease } from "../release.ts";

const hasty = (release: Resource): Resource => {
  const { spec } = release as Resource & { readonly spec: object };
  return { ...release, spec: { ...spec, progressDeadlineSeconds: 10 } } as Resource;
};

const half = [{ setWeight: 50 }, { pause: { duration: "3m" } }];

const both = {
  duration: "1m",
  templates: [
    { name: "old", specRef: "stable" },
    { name: "new", specRef: "canary" },
  ],
};

/** How each release ends that goes on from where all of its policy begin, and as played from its start. */
async function endsOf(release: Resource, requestsPerSecond: number) {
  const shared: Outcome[] = [];
  const alone: Outcome[] = [];
  await rehearse(await policyOf(release, errors()), {
    ...options,
    traffic: { ...options.traffic, requestsPerSecond },
    runs: 1,
    faults: named("error +5pp", "slow leak", "controller killed", "node lost", "clock steps"),
    play: async (one) => {
      const outcome = await rehearseRelease(one);
      // Its Pods lie apart by less than a millisecond: so they do as ever, but nobody else's are known to.
      const own = await rehearseRelease({ ...one, start: { ...one.start, spread: 1e-12 } });
      shared.push(outcome);
      alone.push(own);
      return outcome;
    },
  });
  return { shared, alone };
}

test.each([
  ["a share of the users first", canary()],
  ["a timed pause before anything", canary({ steps: [{ pause: { duration: "1m" } }, ...half] })],
  ["a person's word before anything", canary({ steps: [{ pause: {} }, ...half] })],
  ["Pods before users", canary({ steps: [{ setCanaryScale: { replicas: 2 } }, ...half] })],
  ["as many users as Pods", canary({ trafficRouting: undefined, steps: half })],
  ["no steps at all", canary({ steps: [] })],
  ["Pods that are later than the deadline", hasty(canary({ steps: half }))],
])(
  "a release that goes on from where all of its policy begin ends as one played from its start: %s",
  async (_, release) => {
    const { shared, alone } = await endsOf(release, 100);

    expect(shared).toEqual(alone);
  },
);

test("what users meet at an experiment's Pods counts from their first request, whoever begins alike", async () => {
  const steps = [{ experiment: both }, { pause: {} }, ...half];
  const release = canary({ trafficRouting: undefined, analysis: undefined, steps });

  const { shared, alone } = await endsOf(release, 3);

  expect(shared).toEqual(alone);
});
