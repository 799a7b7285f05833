import { expect, test } from "vitest";
import { historyDoor } from "./door-options.ts";
import { sourceOfQuery } from "./sources.ts";

test.each([
  ['http_requests_total{job="web"}', false],
  ['http_requests_total{job="web",code="200"}', true],
  ['istio_requests_total{response_code!~"5.."}', true],
])("%s: whether it chose among the answers itself is known, since then nothing tells what fails", (query, isSo) => {
  expect(sourceOfQuery(query).isOfSomeCodes).toBe(isSo);
});

test.each(["127.0.0.1:9090", "prometheus", "ftp://prometheus"])(
  "%s is refused by its flag, with what is right",
  async (address) => {
    await expect(historyDoor({ fromPrometheus: address })).rejects.toThrow(
      `--from-prometheus: found ${address}, expected a URL such as http://prometheus:9090`,
    );
  },
);
