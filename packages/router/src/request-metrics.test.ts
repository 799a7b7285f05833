import { seededRandom } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { endpointsMax } from "./endpoints/service-endpoints.ts";
import { RequestMetrics } from "./request-metrics.ts";

const labels = { namespace: "shop", service: "frontend", version: 'v"1"\\', hash: "abc" };

test("requests are counted and timed by version, method and code", () => {
  const metrics = new RequestMetrics();
  const version = metrics.version(labels);

  version.count("GET", 200, 0.0025);
  version.count("GET", 200, 0.005);
  version.count("POST", 503, 20);

  const text = metrics.text();
  const name = 'namespace="shop",service="frontend",version="v\\"1\\"\\\\",pod_template_hash="abc"';
  expect(text).toContain(`http_requests_total{${name},method="GET",code="200",endpoint="other"} 2\n`);
  expect(text).toContain(
    `http_request_duration_seconds_bucket{${name},method="GET",code="200",endpoint="other",le="0.003"} 1\n`,
  );
  expect(text).toContain(
    `http_request_duration_seconds_bucket{${name},method="GET",code="200",endpoint="other",le="0.005"} 2\n`,
  );
  expect(text).toContain(
    `http_request_duration_seconds_bucket{${name},method="POST",code="503",endpoint="other",le="10"} 0\n`,
  );
  expect(text).toContain(
    `http_request_duration_seconds_bucket{${name},method="POST",code="503",endpoint="other",le="+Inf"} 1\n`,
  );
  expect(text).toContain(
    `http_request_duration_seconds_sum{${name},method="GET",code="200",endpoint="other"} 0.0075\n`,
  );
});

test("Prometheus' default buckets are all there", () => {
  const metrics = new RequestMetrics();
  metrics.version(labels).beBorn();

  for (const bound of [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]) {
    expect(metrics.text()).toContain(`le="${bound}"`);
  }
});

test("a version that is gone for long is forgotten, one that came back is not", () => {
  const metrics = new RequestMetrics();
  const [gone, back] = [metrics.version(labels), metrics.version({ ...labels, version: "v2" })];
  gone.beBorn();
  back.beBorn();

  metrics.retire(new Set(), 0);
  metrics.retire(new Set([back]), 10 * 60_000);
  metrics.retire(new Set(), 16 * 60_000);

  expect(metrics.text()).not.toContain('version="v\\"1');
  expect(metrics.text()).toContain('version="v2"');
});

describe("endpoints", () => {
  const named = (metrics: RequestMetrics): readonly string[] => [
    ...new Set(
      [...metrics.text().matchAll(/^http_requests_total\{.*endpoint="([^"]*)"\}/gm)].map(([, name]) => name ?? ""),
    ),
  ];
  const totalOf = (metrics: RequestMetrics): number =>
    [...metrics.text().matchAll(/^http_requests_total\{.*\} (\d+)$/gm)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );

  test("have names once they were asked for twice, the same for all versions", () => {
    const metrics = new RequestMetrics();
    const [stable, canary] = [metrics.version(labels), metrics.version({ ...labels, version: "v2" })];

    stable.count("POST", 200, 0.01, "/orders/16");
    const unnamed = named(metrics);
    stable.count("POST", 200, 0.01, "/orders/17?page=2");
    canary.count("POST", 500, 0.01, "/orders/18/");

    expect(unnamed).toEqual(["other"]);
    expect(metrics.text()).toMatch(/version="v2",.*method="POST",code="500",endpoint="POST \/orders\/:id"\} 1\n/);
    expect(totalOf(metrics)).toBe(3);
  });

  test("what isn't there is no endpoint", () => {
    const metrics = new RequestMetrics();
    const version = metrics.version(labels);

    for (let index = 0; index < 9; index++) version.count("GET", 404, 0.01, "/wp-login.php");

    expect(named(metrics)).toEqual(["other"]);
  });

  test("a million random paths bring forth no more than a few series, and take no name from what users ask for", () => {
    const metrics = new RequestMetrics();
    const version = metrics.version(labels);
    const random = seededRandom(7);
    const known = Array.from({ length: 30 }, (_, index) => `/part-${"abcdefghij"[index % 10]}${"xyz"[index % 3]}`);

    for (let index = 0; index < 1_000_000; index++) {
      const junk = `/${random.next().toString(36).slice(2)}/${Math.floor(random.next() * 3000).toString(36)}`;
      version.count("GET", 200, 0.01, index % 10 === 0 ? known[(index / 10) % known.length] : junk);
      if (index % 20_000 === 0) metrics.retire(new Set([version]), 3 * index);
    }

    const names = named(metrics);
    expect(names.length).toBeLessThanOrEqual(endpointsMax + 1);
    expect(known.filter((path) => names.includes(`GET ${path}`))).toEqual(known);
    expect(totalOf(metrics)).toBeLessThanOrEqual(1_000_000);
  });

  test("one with more traffic takes the place of one that is hardly asked for any more, a few a minute", () => {
    const metrics = new RequestMetrics();
    const version = metrics.version(labels);
    const ask = (path: string, times: number) => {
      for (let index = 0; index < times; index++) version.count("GET", 200, 0.01, path);
    };
    const letters = (index: number) => `${"abcdefgh"[index % 8]}${"klmno"[Math.floor(index / 8)]}`;
    for (let index = 0; index < endpointsMax; index++) ask(`/old-${letters(index)}`, index === 0 ? 500 : 2);
    metrics.retire(new Set([version]), 0);

    for (let index = 0; index < 10; index++) ask(`/new-${letters(index)}`, 100);
    const full = named(metrics);
    metrics.retire(new Set([version]), 60_000);
    ask("/new-ak", 1);

    expect(full.filter((name) => name.includes("new"))).toEqual([]);
    ask("/new-ak", 2);
    expect(named(metrics)).toHaveLength(endpointsMax + 1 - 3);
    expect(metrics.text()).toMatch(/endpoint="GET \/new-ak"\} 3\n/);
    expect(named(metrics)).toContain("GET /old-ak");
  });
});
