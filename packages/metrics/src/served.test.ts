import { instant } from "@sluice/kernel";
import { expect, test } from "vitest";
import { labelsOf } from "./labels.ts";
import type { SeriesSource } from "./series-source.ts";
import { servedBetween } from "./served.ts";
import { MemoryStore } from "./storage/memory-store.ts";

const query = { namespace: "shop", podTemplateHash: "abc", edges: [0.1, 0.5] };
const base = { job: "sluice-router", namespace: "shop", pod_template_hash: "abc", endpoint: "GET /" };

function storeOf(
  series: readonly (readonly [labels: Record<string, string>, samples: readonly number[]])[],
): MemoryStore {
  const store = new MemoryStore();
  for (const [labels, samples] of series) {
    const stored = store.seriesFor(labelsOf({ ...base, ...labels }));
    for (const [index, value] of samples.entries()) if (stored !== undefined) store.append(stored, index * 1000, value);
  }
  return store;
}
const requests = (code: string, samples: readonly number[], more: Record<string, string> = {}) =>
  [{ __name__: "http_requests_total", code, ...more }, samples] as const;
const bucket = (le: string, samples: readonly number[]) =>
  [{ __name__: "http_request_duration_seconds_bucket", code: "200", le }, samples] as const;

test("the rises of counters within the time, by endpoint", () => {
  const store = storeOf([
    requests("200", [10, 10, 12, 17, 40]),
    requests("503", [0, 1, 1, 3, 9]),
    requests("200", [0, 0, 5, 5, 5], { endpoint: "POST /cart" }),
    requests("200", [0, 100, 200, 300, 400], { pod_template_hash: "other" }),
    bucket("0.1", [0, 4, 6, 8, 9]),
    bucket("0.5", [0, 5, 8, 11, 12]),
    bucket("+Inf", [0, 5, 8, 12, 13]),
  ]);

  const served = servedBetween(store, query, instant(1000), instant(3000));

  expect(served.requests).toBe(7 + 2 + 5);
  expect(served.failures).toBe(2);
  expect(served.latencyCounts).toEqual([4, 2, 1]);
  expect(served.endpoints.get("POST /cart")).toEqual({ requests: 5, failures: 0, latencyCounts: [0, 0, 0] });
});

test("the first request of a counter that was born within the time isn't lost", () => {
  const store = new MemoryStore();
  const born = store.seriesFor(labelsOf({ ...base, __name__: "http_requests_total", code: "200" }));
  if (born !== undefined) store.append(born, 2500, 3);

  expect(servedBetween(store, query, instant(1000), instant(3000)).requests).toBe(3);
});

test("a router that began anew counts from zero", () => {
  const store = storeOf([requests("200", [50, 60, 4, 9, 9])]);

  expect(servedBetween(store, query, instant(1000), instant(3000)).requests).toBe(9);
});

test("windows side by side add up", () => {
  const store = storeOf([requests("200", [1, 5, 5, 8, 20, 21, 30])]);
  const of = (from: number, until: number) => servedBetween(store, query, instant(from), instant(until)).requests;

  expect(of(0, 2000) + of(2000, 4000) + of(4000, 6000)).toBe(of(0, 6000));
});

test("older samples are read only where a counter may be new, and one that wasn't scraped for a while isn't", () => {
  const store = storeOf([
    requests(
      "200",
      Array.from({ length: 80 }, (_, second) => 10 * second),
    ),
  ]);
  const readFrom: number[] = [];
  const source: SeriesSource = {
    select: (matchers, after, until) => {
      readFrom.push(after);
      return store.select(matchers, after, until);
    },
  };
  const of = (from: number, until: number) => servedBetween(source, query, instant(from), instant(until)).requests;
  expect(of(60_000, 70_000)).toBe(100);
  expect(readFrom).toEqual([50_000]);

  const away = store.seriesFor(labelsOf({ ...base, __name__: "http_requests_total", code: "503" }));
  for (const [time, value] of [
    [20_000, 7],
    [65_000, 8],
  ] as const) {
    store.append(away, time, value);
  }

  expect(of(60_000, 70_000)).toBe(101);
  expect(readFrom).toEqual([50_000, 50_000, -240_000]);
});
