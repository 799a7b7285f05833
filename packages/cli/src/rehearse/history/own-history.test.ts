import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hours, instant, VirtualClock } from "@sluice/kernel";
import { labelsOf } from "@sluice/metrics";
import { createMetricsStore } from "@sluice/metrics/node";
import { afterEach, expect, test } from "vitest";
import { stateFolder } from "../../state/state-folder.ts";
import { ownHistory } from "./door.ts";
import { type Counter, countersOf, hour, samplesOf, webPolicy } from "./history.fixture.ts";
import { learnInThread } from "./learn-thread.ts";
import { learnedTraffic } from "./learned-traffic.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const now = 1_767_571_200_000;
const names = { requests: "http_requests_total", buckets: "http_request_duration_seconds_bucket" };

/** The state of a Sluice that served for so long and has ended. */
async function stateWith(counters: readonly Counter[], length: number) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-history-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const state = stateFolder(folder);
  const clock = new VirtualClock(instant(now));
  const store = await createMetricsStore({ folder: state.metrics, clock, retention: { time: hours(24 * 60) } });
  for (const counter of counters) {
    const series = store.seriesFor(labelsOf(counter.labels));
    if (series === undefined) throw new Error("no series");
    for (const [at, value] of samplesOf(counter, now - length, now)) store.append(series, at, value);
  }
  await store.close();
  return state;
}

const router = { job: "sluice-router", namespace: "shop", service: "web", pod_template_hash: "5d4f", method: "GET" };
const wanted = { now, length: hours(24 * 28) };

test("Sluice's own metrics tell an ordinary day, also where nothing runs, and are left as they are", async () => {
  const state = await stateWith(countersOf(names, router, "code"), 8 * 24 * hour);
  const before = readdirSync(state.metrics);
  const door = await ownHistory(state);

  const { traffic, words } = await learnedTraffic(door, await webPolicy(), wanted);
  await door.close();

  expect(traffic.requestsPerSecond).toBeCloseTo(20, 0);
  expect(traffic.errors).toBeCloseTo(0.005, 4);
  expect(traffic.dailySwing).toBeCloseTo(3, 1);
  expect(traffic.p95Ms).toBeCloseTo(250, 0);
  expect(traffic.p50Ms).toBeCloseTo(100, 0);
  expect(words[0]).toContain("Sluice's router, http_requests_total{");
  expect(words.join("\n")).toContain("0.5 % fail");
  expect(readdirSync(state.metrics)).toEqual(before);
});

test("metrics without the service leave an ordinary day made up, and say so", async () => {
  const state = await stateWith(countersOf(names, { ...router, service: "other" }, "code"), 2 * hour);
  const door = await ownHistory(state);

  const { traffic, words, isLearned } = await learnedTraffic(door, await webPolicy(), wanted);
  const named = await learnedTraffic(door, await webPolicy(), { ...wanted, services: ["other"] });
  await door.close();

  expect(traffic.requestsPerSecond).toBe(100);
  expect(words.join()).toMatch(/has no requests of web in the last 28 days: an ordinary day is made up/);
  expect([isLearned, named.isLearned]).toEqual([false, true]);
  expect(named.traffic.errors).toBeCloseTo(0.005, 4);
});

test("a query of one's own is a counter, or a rate of which no more is known", async () => {
  const state = await stateWith(countersOf(names, { job: "mine" }, "status"), 24 * hour);
  const door = await ownHistory(state);
  const learn = async (query: string) => learnedTraffic(door, await webPolicy(), { ...wanted, query });

  const counter = await learn('http_requests_total{job="mine"}');
  const rate = await learn('sum(rate(http_requests_total{job="mine",status="200"}[5m]))');
  await door.close();

  expect(counter.traffic.errors).toBeCloseTo(0.005, 4);
  expect(counter.traffic.p95Ms).toBeCloseTo(250, 0);
  expect(rate.traffic.requestsPerSecond).toBeCloseTo(19.9, 0);
  expect(rate.words).toContain(
    "nothing tells what fails, no label such as code or status: 0.3 % as usual, unless you say",
  );
  await expect(learn("rate(")).rejects.toThrow("--query");
});

test("failures that a counter of their own counts, or gRPC's codes, are learned as any others", async () => {
  const apart: readonly Counter[] = [
    { labels: { __name__: "http_requests_total", job: "apart" }, aMinute: () => 1200 },
    { labels: { __name__: "http_requests_failed_total", job: "apart" }, aMinute: () => 6 },
  ];
  const grpc = ["OK", "NotFound", "Unavailable"].map((grpc_code, place): Counter => {
    return { labels: { __name__: "grpc_server_handled_total", grpc_code }, aMinute: () => [1188, 0, 12][place] ?? 0 };
  });
  const state = await stateWith([...apart, ...grpc], 24 * hour);
  const door = await ownHistory(state);
  const learn = async (query: string, queryFailures?: string) =>
    learnedTraffic(door, await webPolicy(), { ...wanted, query, ...(queryFailures && { queryFailures }) });

  const counted = await learn('http_requests_total{job="apart"}', "http_requests_failed_total");
  const rated = await learn('http_requests_total{job="apart"}', "sum(rate(http_requests_failed_total[5m]))");
  const codes = await learn("grpc_server_handled_total");
  const absent = learn('http_requests_total{job="apart"}', "http_requests_faild_total");

  expect(counted.traffic.requestsPerSecond).toBeCloseTo(20, 1);
  expect(counted.traffic.errors).toBeCloseTo(0.005, 4);
  expect(rated.traffic.errors).toBeCloseTo(0.005, 4);
  expect(codes.traffic.errors).toBeCloseTo(0.01, 4);
  await expect(absent).rejects.toThrow(/^--query-failures: .* has no http_requests_faild_total in the last 28 days/);
  await door.close();
});

test("gRPC's codes are learned as numbers, too, where the label is gRPC's", async () => {
  const calls: readonly (readonly [string, number])[] = [
    ["0", 1000],
    ["3", 100],
    ["5", 88],
    ["14", 12],
  ];
  const counters = calls.map(([grpc_response_status, each]): Counter => {
    const labels = { __name__: "istio_requests_total", response_code: "200", grpc_response_status };
    return { labels, aMinute: () => each };
  });
  const door = await ownHistory(await stateWith(counters, 24 * hour));

  const { traffic } = await learnedTraffic(door, await webPolicy(), { ...wanted, query: "istio_requests_total" });
  await door.close();

  expect(traffic.requestsPerSecond).toBeCloseTo(20, 1);
  expect(traffic.errors).toBeCloseTo(0.01, 4);
});

test("of several labels that tell what became of a request each counts", async () => {
  const counter = (labels: Readonly<Record<string, string>>, each: number): Counter => ({
    labels,
    aMinute: () => each,
  });
  const http = { __name__: "http_requests_total", job: "mine" };
  const grpc = { __name__: "grpc_requests_total", job: "mine" };
  const both = { __name__: "rpc_requests_total", job: "mine", code: "200" };
  const counters = [
    counter({ ...http, code: "200" }, 594),
    counter({ ...http, code: "503" }, 6),
    counter({ ...grpc, grpc_code: "OK" }, 582),
    counter({ ...grpc, grpc_code: "Unavailable" }, 18),
    counter({ ...both, grpc_code: "OK" }, 588),
    counter({ ...both, grpc_code: "Internal" }, 12),
  ];
  const door = await ownHistory(await stateWith(counters, 24 * hour));

  const { traffic } = await learnedTraffic(door, await webPolicy(), { ...wanted, query: '{job="mine"}' });
  await door.close();

  expect(traffic.requestsPerSecond).toBeCloseTo(30, 1);
  expect(traffic.errors).toBeCloseTo(36 / 1800, 4);
});

test("a control plane has it read in a thread", async () => {
  const state = await stateWith(countersOf(names, router, "code"), 2 * 24 * hour);
  const service = await webPolicy();

  const { traffic } = await learnInThread({ path: state.path, service, ...wanted });

  expect(traffic.requestsPerSecond).toBeCloseTo(20, 0);
});
