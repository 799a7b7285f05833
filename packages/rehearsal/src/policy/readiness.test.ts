import type { Rollout } from "@sluice/api";
import { expect, test } from "vitest";
import { canary, named, options, policyOf } from "../rehearsal.fixture.ts";
import { rehearse } from "../report/rehearse.ts";
import { readyMillisOf } from "./readiness.ts";

const plain = canary() as unknown as Rollout;
const container = plain.spec.template?.spec.containers[0];

function rollout(fields: object, probes: object = {}): Rollout {
  const template = { ...plain.spec.template, spec: { containers: [{ ...container, ...probes }] } };
  return { ...plain, spec: { ...plain.spec, template, ...fields } } as Rollout;
}

test.each<[string, Rollout, number]>([
  ["nothing says otherwise", plain, 15],
  ["its probe begins sooner", rollout({}, { readinessProbe: { initialDelaySeconds: 5 } }), 15],
  ["its probe begins later", rollout({}, { readinessProbe: { initialDelaySeconds: 40 } }), 40],
  ["it must stay ready", rollout({ minReadySeconds: 30 }), 45],
])("a Pod counts when %s", (_, object, seconds) => {
  expect(readyMillisOf(object)).toBe(seconds * 1000);
});

test("how long Pods take is part of a release's time, is told, and may be said", async () => {
  const policy = await policyOf(canary({ analysis: undefined }));
  const played = (readyMillis?: number) =>
    rehearse(policy, {
      ...options,
      goodRuns: 1,
      profiles: ["argo"],
      faults: named(),
      ...(readyMillis === undefined ? {} : { readyMillis }),
    });

  const usual = await played();
  const slow = await played(75_000);

  expect([usual.podsReadySeconds, slow.podsReadySeconds]).toEqual([15, 75]);
  // Before each of its three weights.
  const longer = (slow.profiles.argo?.good.seconds ?? 0) - (usual.profiles.argo?.good.seconds ?? 0);
  expect(longer).toBeCloseTo(3 * 60, -1);
});
