import { instant, seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { poisson } from "../model/chance.ts";
import { noFault } from "../model/fault.ts";
import { ModelledService } from "../model/service.ts";
import { defaultTraffic, loadFactor, type Traffic } from "../model/traffic.ts";
import { type History, type HistoryPoint, sumOf } from "./history.ts";
import { learnTraffic } from "./learn.ts";

const stepSeconds = 300;
const edgesMs = [5, 10, 25, 50, 100, 150, 250, 500, 1000, 2500];
/** A Monday, 0:00 UTC. */
const monday = 1_767_571_200;

/** What the metrics of a modelled service would tell, without its versions. */
function historyOf(
  traffic: Traffic,
  days: number,
  change: (point: HistoryPoint) => HistoryPoint = (one) => one,
): History {
  const service = new ModelledService({
    traffic,
    fault: noFault,
    endpoints: ["/"],
    edgesMs,
    random: seededRandom(5),
    startsAt: instant(monday * 1000),
    startSecond: 0,
    scrapeSeconds: 15,
    drawsLatency: true,
  });
  const now = () => {
    const [one] = service.served.stable;
    if (one === undefined) throw new Error("no endpoint");
    return { ...one, latencyCounts: [...one.latencyCounts] };
  };
  let before = now();
  const points = Array.from({ length: (days * 86_400) / stepSeconds }, (_, place): HistoryPoint => {
    const endsAt = monday + (place + 1) * stepSeconds;
    service.advanceTo(instant(endsAt * 1000));
    const after = now();
    const point = {
      endsAt,
      requests: after.requests - before.requests,
      failures: after.failures - before.failures,
      notFound: after.notFound - before.notFound,
      latencyCounts: after.latencyCounts.map((count, bucket) => count - (before.latencyCounts[bucket] ?? 0)),
    };
    before = after;
    return change(point);
  });
  return { points, stepSeconds, tellsFailures: true, edgesMs };
}

const week = Array.from({ length: 168 }, (_, hour) => {
  const ofDay = 1 + 0.5 * Math.sin((2 * Math.PI * (hour % 24)) / 24);
  return (hour >= 5 * 24 ? 0.5 : 1.2) * ofDay;
});
const served: Traffic = {
  ...defaultTraffic,
  requestsPerSecond: 40,
  errors: 0.004,
  p95Ms: 300,
  p50Ms: 90,
  week,
  noise: { load: 0.1, burstsAnHour: 0.2, burst: 12, latency: 0.05, apart: 0.005, failures: 0.3 },
};

function learned(history: History) {
  const found = learnTraffic(history, defaultTraffic);
  if (found.is === "tooLittle") throw new Error(found.because);
  return found;
}

test("what a service did for two weeks is what it is modelled with: its week, its failures, its latency, its noise", () => {
  const { traffic, words } = learned(historyOf(served, 14));

  expect(traffic.requestsPerSecond).toBeCloseTo(40, -0.5);
  for (const hour of [6, 18, 24 * 3 + 12, 24 * 6 + 6]) {
    expect(loadFactor(traffic, hour * 3600) / loadFactor(served, hour * 3600)).toBeGreaterThan(0.85);
    expect(loadFactor(traffic, hour * 3600) / loadFactor(served, hour * 3600)).toBeLessThan(1.18);
  }
  expect(traffic.errors).toBeGreaterThan(0.0035);
  expect(traffic.errors).toBeLessThan(0.0045);
  expect(traffic.p95Ms / 300).toBeCloseTo(1, 1);
  expect((traffic.p50Ms ?? 0) / 90).toBeCloseTo(1, 1);
  expect(traffic.noise.load).toBeCloseTo(0.1, 1);
  expect(traffic.noise.latency).toBeCloseTo(0.05, 1);
  expect(traffic.noise.failures ?? 0).toBeCloseTo(0.3, 0);
  expect(traffic.noise.burstsAnHour).toBeGreaterThan(0.08);
  expect(traffic.noise.burstsAnHour).toBeLessThan(0.3);
  expect(words.join("\n")).toMatch(/Saturday and Sunday 4\d % of a weekday/);
  expect(words.join("\n")).toMatch(/its busiest hour of a day has 3(\.1)? times the quietest/);
});

/** Failures of 5 in 1,000 whose counts have `dispersion` times the variance of chance: gamma times Poisson. */
function uneven(dispersion: number): History {
  const random = seededRandom(9);
  const requests = 30 * stepSeconds;
  const shape = Math.max(1, Math.round((0.005 * requests) / (dispersion - 1)));
  const gamma = () => {
    let sum = 0;
    for (let part = 0; part < shape; part++) sum -= Math.log(1 - random.next());
    return sum / shape;
  };
  const points = Array.from({ length: (14 * 86_400) / stepSeconds }, (_, place): HistoryPoint => {
    const failures = poisson(random, 0.005 * requests * (dispersion === 1 ? 1 : gamma()));
    return { endsAt: monday + (place + 1) * stepSeconds, requests, failures, notFound: 0, latencyCounts: [] };
  });
  return { points, stepSeconds, tellsFailures: true, edgesMs: [] };
}

function dispersionOf({ points }: History): number {
  const share = sumOf(points, ({ failures }) => failures) / sumOf(points, ({ requests }) => requests);
  return sumOf(points, (one) => (one.failures - share * one.requests) ** 2 / (share * one.requests)) / points.length;
}

test.each([1, 3, 10])("failures %d times as uneven as chance are so in what is modelled, and as many", (dispersion) => {
  const history = uneven(dispersion);

  const { traffic, words } = learned(history);
  const modelled = historyOf(traffic, 14);

  expect(dispersionOf(history) / dispersion).toBeCloseTo(1, 1);
  expect(dispersionOf(modelled) / dispersion).toBeGreaterThan(0.8);
  expect(dispersionOf(modelled) / dispersion).toBeLessThan(1.25);
  const share = sumOf(modelled.points, (one) => one.failures) / sumOf(modelled.points, (one) => one.requests);
  expect(share / 0.005).toBeCloseTo(1, 1);
  const said = words.join("\n");
  if (dispersion === 1) expect(said).toContain("0.5 % fail, as evenly as chance brings them, without bursts");
  else expect(said).toMatch(/0\.5 % fail, (2\.\d|[6-9](\.\d)?) times as unevenly as chance brings them/);
});

test("an outage is left out, and said", () => {
  const outage = monday + 86_400;
  const history = historyOf({ ...served, noise: { ...served.noise, burstsAnHour: 0 } }, 3, (point) =>
    point.endsAt > outage && point.endsAt <= outage + 7200 ? { ...point, failures: point.requests / 2 } : point,
  );

  const { traffic, words } = learned(history);

  expect(traffic.errors).toBeLessThan(0.005);
  expect(traffic.noise.burst * traffic.noise.burstsAnHour).toBeLessThan(1);
  expect(words).toContain(
    "left out, since that was no ordinary time: an incident of 2 h, the longest from 2026-01-06 00:00 for 2 h",
  );
});

test("gaps change no rate, and what nobody tells stays as it was told", () => {
  const history = historyOf(served, 7);
  const gappy = {
    ...history,
    tellsFailures: false,
    edgesMs: [],
    points: history.points.filter((_, place) => place % 7 < 5),
  };

  const { traffic, words } = learned(gappy);

  expect(traffic.requestsPerSecond).toBeCloseTo(40, -0.5);
  expect(traffic).toMatchObject({ errors: defaultTraffic.errors, p95Ms: defaultTraffic.p95Ms });
  expect(words[0]).toBe("seen from 2026-01-05 00:00 to 2026-01-11 23:50 UTC, 71 % of that time");
  expect(words).toContain("nothing tells what fails, no label such as code or status: 0.3 % as usual, unless you say");
  expect(words).toContain("nothing tells how long answers take, no histogram: p95 240 ms as usual, unless you say");
});

/** A day of a service that tells percentiles and no buckets. */
function percentiles(requests: number, quantilesMs: NonNullable<HistoryPoint["quantilesMs"]>): History {
  const points = Array.from({ length: 288 }, (_, place): HistoryPoint => {
    const endsAt = monday + (place + 1) * stepSeconds;
    return { endsAt, requests, failures: 0, notFound: 0, latencyCounts: [], quantilesMs };
  });
  return { points, stepSeconds, tellsFailures: true, edgesMs: [] };
}

test("a quiet service's percentiles are believed, those of a handful of requests at a time are not, and that is said", () => {
  const quiet = learned(percentiles(40, { p50: 50, p95: 310, p99: 900 }));
  const handful = learned(percentiles(8, { p50: 50, p95: 310, p99: 900 }));

  expect(quiet.traffic).toMatchObject({ p50Ms: 50, p95Ms: 310 });
  expect(quiet.words.at(-1)).toMatch(/95 % within 310 ms, 99 % within 900 ms/);
  expect(handful.traffic.p95Ms).toBe(defaultTraffic.p95Ms);
  expect(handful.words.at(-1)).toBe(
    "too few requests to tell how long answers take: p95 240 ms as usual, unless you say",
  );
});

test("of a summary without the 99th percentile none is told", () => {
  expect(learned(percentiles(4000, { p50: 50, p95: 310 })).words.at(-1)).toBe(
    "half are answered within 50 ms, 95 % within 310 ms; the 95th percentile wanders by 0 %",
  );
});

test("nights without a request have the largest swing that may be said", () => {
  const { points, ...history } = historyOf(served, 7);
  const asleep = points.map((point) =>
    (point.endsAt - stepSeconds) % 86_400 < 4 * 3600 ? { ...point, requests: 0 } : point,
  );

  const { traffic, words } = learned({ ...history, points: asleep });

  expect(traffic.dailySwing).toBe(100);
  expect(words[1]).toContain("its busiest hour of a day has at least 100 times the quietest");
});

test("minutes, or a handful of requests, are too little", () => {
  const history = historyOf(served, 1);
  const few = history.points.map((point) => ({ ...point, requests: 0.5 }));

  expect(learnTraffic({ ...history, points: history.points.slice(0, 6) }, defaultTraffic)).toMatchObject({
    is: "tooLittle",
  });
  expect(learnTraffic({ ...history, points: few }, defaultTraffic)).toEqual({
    is: "tooLittle",
    because: "144 requests in 24 h, expected at least 60 min and 1,000 requests",
  });
});
