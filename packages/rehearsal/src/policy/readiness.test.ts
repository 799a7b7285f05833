import type { Rollout } from "@sluice/api";
import { millis } from "@sluice/kernel";
import { expect, test } from "vitest";
import { learnReadiness } from "../learn/readiness.ts";
import { canary, named, options, policyOf } from "../rehearsal.fixture.ts";
import { rehearse } from "../report/rehearse.ts";
import { readinessOf, startOf } from "./readiness.ts";

const plain = canary() as unknown as Rollout;
const container = plain.spec.template?.spec.containers[0];

function rollout(fields: object, probes: object = {}): Rollout {
  const template = { ...plain.spec.template, spec: { containers: [{ ...container, ...probes }] } };
  return { ...plain, spec: { ...plain.spec, template, ...fields } } as Rollout;
}

const bothLate = { startupProbe: { initialDelaySeconds: 30 }, readinessProbe: { initialDelaySeconds: 40 } };

test.each<[string, Rollout, number]>([
  ["nothing says otherwise", plain, 15],
  ["its probe begins sooner", rollout({}, { readinessProbe: { initialDelaySeconds: 5 } }), 15],
  ["its probe begins later", rollout({}, { readinessProbe: { initialDelaySeconds: 40 } }), 40],
  ["both probes begin late, from the start of their container", rollout({}, bothLate), 40],
  ["it must stay ready", rollout({ minReadySeconds: 30 }), 45],
])("a Pod counts when %s", (_, object, seconds) => {
  expect(readinessOf(object, {}).millis).toBe(seconds * 1000);
});

test("what Pods took is known from them, but no probe is met before it asks", () => {
  const readiness = { millis: millis(2_500), spread: 0.2, pods: 6 };
  const late = rollout({ minReadySeconds: 10 }, { readinessProbe: { initialDelaySeconds: 5 } });

  expect(readinessOf(plain, {}).from).toBe("assumed");
  expect(readinessOf(plain, { readiness })).toMatchObject({ millis: 2_500, spread: 0.2, from: "learned from 6 Pods" });
  expect(readinessOf(late, { readiness })).toMatchObject({
    millis: 15_000,
    from: "by its probes, with 10 s of minReadySeconds",
  });
  expect(readinessOf(late, { readiness, readyMillis: 700 })).toMatchObject({ millis: 700, spread: 0, from: "as said" });
});

test("Pods lie apart in what they take themselves, not in what all of them wait for", () => {
  const readiness = { millis: millis(20_000), spread: 0.5, pods: 6 };
  const lasting = readinessOf(rollout({ minReadySeconds: 600 }), { readiness });
  const probed = readinessOf(rollout({}, { readinessProbe: { initialDelaySeconds: 18 } }), { readiness });

  expect([-1, 0, 1].map((deviation) => startOf(lasting, deviation))).toEqual([612_131, 620_000, 632_974]);
  expect([-1, 0, 1].map((deviation) => startOf(probed, deviation))).toEqual([18_000, 20_000, 32_974]);
});

test.each([
  [[8, 86_400], 8],
  [[7, 8, 86_400], 8],
  [[6, 7, 8, 86_400], 7.5],
])("of the few Pods that a service has one that fell ill a day later isn't believed: %j", (took, seconds) => {
  expect(learnReadiness(took)?.millis).toBe(seconds * 1000);
});

test("the middle half of the Pods tells how long they take, whole seconds tell no spread of their own", () => {
  const evenly = learnReadiness([0, 1, 0, 1, 1, 0, 1, 0]);
  const apart = learnReadiness([10, 12, 15, 18, 21, 22, 26, 30, 4000]);

  expect(evenly).toMatchObject({ millis: 500, pods: 8 });
  expect(evenly?.spread).toBeLessThan(0.7);
  expect(apart?.millis).toBeCloseTo(20_000, -4);
  expect(apart?.spread).toBeGreaterThan(0.15);
  expect(learnReadiness([3])).toEqual({ millis: 3000, spread: 0, pods: 1 });
  expect(learnReadiness([0])).toMatchObject({ millis: 100 });
  expect(learnReadiness([])).toBeUndefined();
});

test("where Pods lie apart a good release's time does so too, and the same seed brings the same", async () => {
  const policy = await policyOf(canary({ analysis: undefined }));
  const played = (spread: number) =>
    rehearse(policy, {
      ...options,
      goodRuns: 12,
      profiles: ["argo"],
      faults: named(),
      readiness: { millis: millis(40_000), spread, pods: 8 },
    });

  const [even, uneven, again] = [await played(0), await played(0.4), await played(0.4)];

  const width = ({ profiles }: typeof even) => {
    const { low = 0, high = 0 } = profiles.argo?.predicted.good ?? {};
    return high - low;
  };
  expect(width(even)).toBeLessThan(5);
  expect(width(uneven)).toBeGreaterThan(20);
  expect(again).toEqual(uneven);
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
  expect([usual.podsReadyFrom, slow.podsReadyFrom]).toEqual(["assumed", "as said"]);
  // Before each of its three weights.
  const longer = (slow.profiles.argo?.good.seconds ?? 0) - (usual.profiles.argo?.good.seconds ?? 0);
  expect(longer).toBeCloseTo(3 * 60, -1);
});
