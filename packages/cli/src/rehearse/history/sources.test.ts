import { expect, test } from "vitest";
import { historyDoor } from "./door-options.ts";
import { failuresOfQuery, sourceOfQuery, sourcesOf } from "./sources.ts";

test.each([
  ['http_requests_total{job="web"}', false],
  ['http_requests_total{job="web",code="200"}', true],
  ['istio_requests_total{response_code!~"5.."}', true],
])("%s: whether it chose among the answers itself is known, since then nothing tells what fails", (query, isSo) => {
  expect(sourceOfQuery(query).isOfSomeCodes).toBe(isSo);
});

test.each([
  ['sum(http_requests_total{job="web"})', "http_requests_total, which counts since its process began"],
  ["(-istio_requests_total)", "istio_requests_total, which counts since its process began"],
  ['sum(increase(http_requests_total{job="web"}[5m]))', "increase(…), which counts over a window"],
  ["42", "no metric"],
])("%s is no rate, and nothing is learned from it", (query, found) => {
  for (const [flag, read] of [
    ["--query", sourceOfQuery],
    ["--query-failures", failuresOfQuery],
  ] as const) {
    expect(() => read(query)).toThrow(`${flag}: found ${found}, expected a counter alone, such as http_requests_total`);
  }
});

test.each([
  'sum(rate(http_requests_total{job="web"}[5m]))',
  "sum(increase(http_requests_total[5m])) / 300",
  "job:http_requests:rate5m",
  "clamp_min(http_requests_total - http_requests_total offset 5m, 0) / 300",
])("%s is a rate, or may be one", (query) => {
  expect(failuresOfQuery(query).isRate).toBe(!query.startsWith("job:"));
});

test("the name of a service is a text, also among several", () => {
  const [one] = sourcesOf({ namespace: "shop", services: ['we"b'] });
  const [both] = sourcesOf({ namespace: "shop", services: ["web.v1", "web"] });

  expect(one?.requests).toContain('service="we\\"b"');
  expect(both?.requests).toContain('service=~"web\\\\.v1|web"');
});

test.each(["127.0.0.1:9090", "prometheus", "ftp://prometheus"])(
  "%s is refused by its flag, with what is right",
  async (address) => {
    await expect(historyDoor({ fromPrometheus: address })).rejects.toThrow(
      `--from-prometheus: found ${address}, expected a URL such as http://prometheus:9090`,
    );
  },
);
