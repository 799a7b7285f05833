import { expect, test } from "vitest";
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
  expect(text).toContain(`http_requests_total{${name},method="GET",code="200"} 2\n`);
  expect(text).toContain(`http_request_duration_seconds_bucket{${name},method="GET",code="200",le="0.003"} 1\n`);
  expect(text).toContain(`http_request_duration_seconds_bucket{${name},method="GET",code="200",le="0.005"} 2\n`);
  expect(text).toContain(`http_request_duration_seconds_bucket{${name},method="POST",code="503",le="10"} 0\n`);
  expect(text).toContain(`http_request_duration_seconds_bucket{${name},method="POST",code="503",le="+Inf"} 1\n`);
  expect(text).toContain(`http_request_duration_seconds_sum{${name},method="GET",code="200"} 0.0075\n`);
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
