import { millis, ratio, seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createJudge, type JudgedRelease, type KnownStarts, type VersionServed } from "./index.ts";

const edges = [10, 20, 40, 80, 160, 320, 640];
const median = 45;

/** Requests by bucket of a log-normal latency; `slower`: than usual. */
function serve(requests: number, slower: number, random: () => number): VersionServed {
  const below = (edge: number) => 1 / (1 + Math.exp(-1.7 * (Math.log(edge / (median * slower)) / 0.6)));
  const latencyCounts = [...edges, Number.POSITIVE_INFINITY].map((edge, index) => {
    const share =
      (edge === Number.POSITIVE_INFINITY ? 1 : below(edge)) - (index === 0 ? 0 : below(edges[index - 1] ?? 0));
    const expected = requests * share;
    return Math.max(0, Math.round(expected + Math.sqrt(expected) * 1.7 * (random() + random() - 1) * 1.4));
  });
  const one = { requests: latencyCounts.reduce((sum, count) => sum + count, 0), failures: 0, latencyCounts };
  return { ...one, endpoints: [one], exposures: 0, conversions: 0, restarts: 0, pods: 20 };
}

/** Ten minutes at a twentieth of 300 requests a second; `slower`: the new version, by seconds since its Pods started. */
function judged(seed: number, slower: (age: number) => number, starts: KnownStarts | undefined) {
  const seeded = seededRandom(seed);
  const random = () => seeded.next();
  const release: JudgedRelease = {
    plan: [0.05, 1].map((weight) => ({ weight: ratio(weight), lasts: millis(600_000) })),
    bucketEdgesMs: edges,
    history: Array.from({ length: 20 }, () => ({
      lasts: millis(60_000),
      first: serve(9000, 1, random),
      second: serve(9000, 1, random),
    })),
    control: "stable",
    ...(starts === undefined ? {} : { starts }),
  };
  const judge = createJudge(release, undefined, { learned: "off" });
  let most = Number.NEGATIVE_INFINITY;
  let endedAt: number | undefined;
  for (let ends = 10; ends <= 600; ends += 10) {
    const { action, nats } = judge.observe({
      ends: millis(ends * 1000),
      lasts: millis(10_000),
      weight: ratio(0.05),
      step: 0,
      stepAge: millis(ends * 1000),
      canary: { ...serve(150, slower(ends - 5), random), pods: 1 },
      stable: serve(2850, 1, random),
    });
    most = Math.max(most, nats);
    if (action === "rollback") endedAt ??= ends;
  }
  return { starts: judge.starts, most, endedAt: endedAt ?? Number.POSITIVE_INFINITY };
}

const fading = (rise: number, seconds: number) => (age: number) => 1 + rise * Math.exp(-age / seconds);
const learned = (slower: (age: number) => number, releases: number) => {
  let starts: KnownStarts | undefined;
  for (let release = 1; release <= releases; release++) starts = judged(release, slower, starts).starts;
  return starts;
};

test("a service whose Pods always take minutes to warm up is suspected less for it", () => {
  const warming = fading(3, 150);

  const known = learned(warming, 3);

  const [first, later] = [judged(9, warming, undefined), judged(9, warming, known)];
  expect(later.most).toBeLessThan(first.most - 1);
  expect(later.endedAt).toBe(Number.POSITIVE_INFINITY);
});

test("where Pods always started fast, a slow version is found sooner", () => {
  const known = learned(fading(0.1, 30), 10);
  const endedAfter = (starts: KnownStarts | undefined) =>
    [21, 22, 23].reduce((sum, seed) => sum + judged(seed, () => 3, starts).endedAt, 0);

  expect(endedAfter(known)).toBeLessThanOrEqual(endedAfter(undefined) - 30);
});

test("a slow version that stays slow teaches no slow start", () => {
  const known = learned(() => 1.5, 3);
  const slow = () => 1.5;

  expect(judged(9, slow, known).endedAt).toBeLessThan(300);
});
