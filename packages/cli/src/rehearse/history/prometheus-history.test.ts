import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hours } from "@sluice/kernel";
import { afterEach, expect, test, vi } from "vitest";
import { hasPrometheus, startPrometheus } from "../../../../../test/fixtures/prometheus.ts";
import { type RehearseOptions, rehearse } from "../../commands/rehearse.ts";
import { prometheusHistory } from "./door.ts";
import { historyDoor } from "./door-options.ts";
import { type Counter, countersOf, hour, samplesOf, scrapeMs, webPolicy } from "./history.fixture.ts";
import { learnedTraffic } from "./learned-traffic.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const names = { requests: "istio_requests_total", buckets: "istio_request_duration_milliseconds_bucket" };
const istio = { reporter: "destination", destination_service_name: "web", destination_service_namespace: "shop" };
const inMilliseconds = ({ labels: { le, ...labels }, aMinute }: Counter): Counter => ({
  labels: { ...labels, ...(le === undefined ? {} : { le: le === "+Inf" ? le : String(Number(le) * 1000) }) },
  aMinute,
});

/** The password `harbour`, hashed. */
const hash = "$2b$04$x2a5HEBumhFkI9zFftsPHuEz5TgPDa4VP5.Glvk3VVtV/qtl9/wCm";

async function prometheusWith(counters: readonly Counter[], now: number): Promise<{ address: string; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "prometheus-history-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const lines = counters.flatMap((counter) => {
    const { __name__: name = "", ...labels } = counter.labels;
    const written = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    const samples = samplesOf(counter, now - 2 * 24 * hour, now);
    return [
      `# TYPE ${name.replace(/_total$/, "")} unknown`,
      ...[...samples].map(([at, value]) => `${name}{${written}} ${value} ${at / 1000}`),
    ];
  });
  const types = new Set<string>();
  const isNew = (line: string) => !line.startsWith("#") || (!types.has(line) && types.add(line));
  writeFileSync(join(folder, "history.txt"), `${lines.filter(isNew).join("\n")}\n# EOF\n`);
  execFileSync(
    "promtool",
    ["tsdb", "create-blocks-from", "openmetrics", join(folder, "history.txt"), join(folder, "data")],
    {
      stdio: "ignore",
    },
  );
  const { address, stop } = await startPrometheus(folder, {
    config: "scrape_configs: []\n",
    web: `basic_auth_users: { team: "${hash}" }\n`,
  });
  cleanups.push(stop);
  return { address, folder };
}

test.skipIf(!hasPrometheus)(
  "a real Prometheus (apt-get install prometheus) tells an ordinary day of a service behind Istio to whom it lets in",
  async () => {
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const counters = countersOf(names, istio, "response_code").map(inMilliseconds);
    const { address, folder } = await prometheusWith(counters, now);
    const password = join(folder, "password");
    const learn = async (text: string) => {
      writeFileSync(password, `${text}\n`);
      const door = await historyDoor({
        fromPrometheus: address,
        prometheusUser: "team",
        prometheusPasswordFile: password,
      });
      if (door === undefined) throw new Error("no door");
      return learnedTraffic(door, await webPolicy(), { now, length: hours(24 * 28) });
    };

    const { traffic, words, scrapeMillis } = await learn("harbour");

    expect(scrapeMillis).toBe(scrapeMs);
    expect(words).toContain("scraped each 1m: so far apart are its samples");
    expect(traffic.requestsPerSecond).toBeCloseTo(20, 0);
    expect(traffic.errors).toBeCloseTo(0.005, 3);
    expect(traffic.dailySwing).toBeCloseTo(3, 0);
    expect(traffic.p95Ms).toBeCloseTo(250, -1);
    expect(words[0]).toContain("Istio, istio_requests_total{");
    expect(words[1]).toContain('not found: http_requests_total{job="sluice-router"');
    await expect(learn("wharf")).rejects.toMatchObject({
      kind: "forbidden",
      message: expect.stringMatching(/^(?!.*(wharf|team)).*--prometheus-token-file/),
    });
  },
  30_000,
);

const minuteRate = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:v2" }] }
  strategy:
    canary:
      steps: [{ setWeight: 10 }, { pause: { duration: 5m } }, { analysis: { templates: [{ templateName: errors }] } }]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: errors, namespace: shop }
spec:
  metrics:
    - name: rate
      successCondition: result[0] < 0.05
      provider:
        prometheus:
          address: http://prometheus.example
          query: sum(rate(istio_requests_total{response_code="500"}[1m])) / sum(rate(istio_requests_total[1m]))
`;

test.skipIf(!hasPrometheus)(
  "a rehearsal takes as many samples as the Prometheus that it learns from, unless it is told otherwise",
  async () => {
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const counters = countersOf(names, istio, "response_code").map(inMilliseconds);
    const { address, folder } = await prometheusWith(counters, now);
    const [password, file] = [join(folder, "password"), join(folder, "rollout.yaml")];
    writeFileSync(password, "harbour");
    writeFileSync(file, minuteRate);
    const told = async (options: RehearseOptions) => {
      const lines: string[] = [];
      const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
      const few = { runs: "1", good: "1", fault: ["error +50pp"], json: true };
      const asked = { fromPrometheus: address, prometheusUser: "team", prometheusPasswordFile: password };
      await rehearse([file], { ...few, ...asked, ...options });
      log.mockRestore();
      const [{ words, learned }] = JSON.parse(lines.join("")) as [{ words: string[]; learned: string[] }];
      return [...words, ...learned].filter((line) => line.includes("takes a rate") || line.includes("scraped"));
    };

    expect(await told({})).toEqual([
      "errors/rate takes a rate over 1m, which needs two samples: with one each 1m it has no data.",
      "scraped each 1m: so far apart are its samples",
    ]);
    expect(await told({ scrape: "15s" })).toEqual([]);
  },
  30_000,
);

test("what a server doesn't give is named, and the rest is learned from", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (text) => {
      body += text;
    });
    request.on("end", () => {
      const form = new URLSearchParams(body);
      const [query = "", start, end, step] = ["query", "start", "end", "step"].map((name) => form.get(name) ?? "");
      asked.push(`${request.headers["x-scope-orgid"]} ${request.headers.authorization}`);
      const isLost = start !== undefined && Number(start) < broken && Number(end) >= broken && step === "300";
      if (isLost) {
        response.statusCode = 503;
        response.end("overloaded");
        return;
      }
      const isKnown = query.includes('{service="web"}') && !query.includes("duration");
      const times = Array.from(
        { length: Math.floor((Number(end) - Number(start)) / Number(step)) + 1 },
        (_, place) => Number(start) + place * Number(step),
      );
      const result = isKnown ? [{ metric: { code: "200" }, values: times.map((time) => [time, "2"]) }] : [];
      response.end(JSON.stringify({ status: "success", data: { resultType: "matrix", result } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => void server.close());
  const now = 1_767_571_200_000;
  const broken = now / 1000 - 86_400 * 2.5;
  const door = prometheusHistory({
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    headers: [{ key: "X-Scope-OrgID", value: "shop" }],
    bearerToken: "s3cret",
  });

  const { traffic, words } = await learnedTraffic(door, await webPolicy(), { now, length: hours(24 * 7) });

  expect(traffic.requestsPerSecond).toBeCloseTo(2, 5);
  expect(words).toContainEqual(expect.stringMatching(/^couldn't be had: requests of 2026-01-0\d: .*503/));
  expect(words.join("\n")).toContain("nothing tells how long answers take");
  expect(new Set(asked)).toEqual(new Set(["shop Bearer s3cret"]));
  expect(words.join("\n")).not.toContain("s3cret");
});

test("an address below which there is no API says what it should be, and so does TLS where there is none", async () => {
  const server = createServer((_, response) => {
    response.statusCode = 404;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => void server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const learn = async (address: string) =>
    learnedTraffic(prometheusHistory({ address }), await webPolicy(), { now: 1_767_571_200_000, length: hours(24) });

  await expect(learn(`http://${host}/graph`)).rejects.toThrow(
    "status 404: expected the address below which it serves /api/v1",
  );
  await expect(learn(`https://${host}`)).rejects.toThrow("found plain HTTP there, expected TLS");
});

test.each([
  [{ prometheusTokenFile: "token" }, "--prometheus-token-file needs --from-prometheus"],
  [{ fromPrometheus: "http://x", prometheusUser: "team" }, "go together"],
  [{ fromPrometheus: "http://x", prometheusHeader: ["oops"] }, '--prometheus-header: expected "Name: value"'],
  [
    { fromPrometheus: "http://x", prometheusTokenFile: "/nowhere" },
    "--prometheus-token-file: can't read /nowhere: ENOENT",
  ],
])("%j is refused with what would be right", async (options, message) => {
  await expect(historyDoor(options)).rejects.toThrow(message);
});

/** A server that counts `http_requests_total` of web, and tells latencies as `told` has it. */
async function serverTelling(told: (query: string) => readonly (readonly [Record<string, string>, string])[]) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (text) => {
      body += text;
    });
    request.on("end", () => {
      const form = new URLSearchParams(body);
      const query = form.get("query") ?? "";
      const [start = 0, end = 0, step = 1] = ["start", "end", "step"].map((name) => Number(form.get(name)));
      const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, place) => start + place * step);
      const isRequests = query.includes('http_requests_total{service="web"}');
      const found = isRequests ? [[{ code: "200" }, "20"] as const] : told(query);
      const result = found.map(([metric, value]) => ({ metric, values: times.map((time) => [time, value]) }));
      response.end(JSON.stringify({ status: "success", data: { resultType: "matrix", result } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => void server.close());
  return prometheusHistory({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const base = 'http_request_duration_seconds{service="web"}';

test.each<[string, (query: string) => readonly (readonly [Record<string, string>, string])[], number, string]>([
  [
    "a native histogram",
    (query) => {
      const share = /^histogram_quantile\(([\d.]+), sum\(rate\(http_request_duration_seconds\{/.exec(query)?.[1] ?? "";
      const value = { "0.5": "0.04", "0.95": "0.31", "0.99": "0.8" }[share];
      return value === undefined ? [] : [[{}, value]];
    },
    310,
    `latencies from the native histogram ${base}`,
  ],
  [
    "a summary, as far as it goes",
    (query) =>
      query === `avg by (quantile) (${base})`
        ? [
            [{ quantile: "0.5" }, "0.05"],
            [{ quantile: "0.95" }, "0.2"],
          ]
        : [],
    200,
    `latencies from the summary ${base} with quantiles 0.5, 0.95, its Pods averaged: those of summaries can't be put together exactly`,
  ],
  [
    "a summary without the 95th percentile isn't used, and that is said",
    (query) => (query === `avg by (quantile) (${base})` ? [[{ quantile: "0.9" }, "0.2"]] : []),
    240,
    `found but not used: the summary ${base} with quantiles 0.9, expected 0.5 and 0.95 among them`,
  ],
])("latency where there are no buckets: %s", async (_, told, p95Ms, words) => {
  const door = await serverTelling(told);

  const learned = await learnedTraffic(door, await webPolicy(), { now: 1_767_571_200_000, length: hours(24) });

  expect(learned.traffic.p95Ms).toBeCloseTo(p95Ms, 3);
  expect(learned.words).toContain(words);
});
