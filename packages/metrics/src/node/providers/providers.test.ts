import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, instant, VirtualClock } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import { hasPrometheus, startPrometheus } from "../../../../../test/fixtures/prometheus.ts";
import { labelsOf } from "../../labels.ts";
import { MemoryStore } from "../../storage/memory-store.ts";
import { afterwards, cleanUp, faultOf, never, read, serve } from "./outside.fixture.ts";
import { isEmbeddedAddress, type PrometheusQuery, queryEmbedded, queryPrometheus } from "./query-prometheus.ts";
import { queryWeb, type WebQuery } from "./query-web.ts";

afterEach(cleanUp);

const now = 1_800_000_000;
const clock = new VirtualClock(instant(now * 1000));

const answerWith = (result: unknown) => JSON.stringify({ status: "success", data: result });
const ask = (query: PrometheusQuery, signal = never) => queryPrometheus({ query: "q", ...query }, signal, clock);

test("Prometheus is asked by POST, with headers and credentials, and answers become measurements", async () => {
  const asked: unknown[] = [];
  const url = await serve(async (request, response) => {
    asked.push([
      request.method,
      request.url,
      await read(request),
      request.headers.authorization,
      request.headers["x-org"],
    ]);
    response.end(
      answerWith({
        resultType: "vector",
        result: [
          { metric: {}, value: [1, "0.9"] },
          { metric: {}, value: [1, "NaN"] },
        ],
      }),
    );
  });

  const measured = await ask({
    address: `${url}/prefix`,
    query: "up",
    headers: [{ key: "X-Org", value: "shop" }],
    basicAuth: { username: "u", password: "p" },
  });

  expect(measured).toEqual({ value: "[0.9,NaN]", parsed: [0.9, Number.NaN] });
  expect(asked).toEqual([["POST", "/prefix/api/v1/query", `query=up&time=${now}`, "Basic dTpw", "shop"]]);
});

test.each([403, 405, 501])("where POST answers %d, GET is tried", async (status) => {
  const url = await serve((request, response) => {
    if (request.method === "POST") response.writeHead(status).end();
    else response.end(answerWith({ resultType: "scalar", result: [1, request.url?.includes("query=q") ? "7" : "0"] }));
  });

  expect(await ask({ address: url })).toEqual({ value: "7", parsed: 7 });
});

test("a range query is resolved against the clock", async () => {
  const asked: string[] = [];
  const url = await serve(async (request, response) => {
    asked.push(`${request.url} ${await read(request)}`);
    response.end(
      answerWith({
        resultType: "matrix",
        result: [
          {
            metric: {},
            values: [
              [1, "1"],
              [2, "+Inf"],
            ],
          },
        ],
      }),
    );
  });

  const rangeQuery = { start: 'now() - duration("5m")', end: "now()", step: "1m" };
  const measured = await ask({ address: url, rangeQuery });
  const refused = await faultOf(ask({ address: url, rangeQuery: { ...rangeQuery, start: "yesterday" } }));

  expect(measured).toEqual({ value: "[1,+Inf]", parsed: [1, Number.POSITIVE_INFINITY] });
  expect(asked).toEqual([`/api/v1/query_range query=q&start=${now - 300}&end=${now}&step=60`]);
  expect(refused).toMatchObject({
    kind: "invalid",
    message: expect.stringContaining('rangeQuery.start: found "yesterday"'),
  });
});

type Answer = (response: ServerResponse) => void;
const failures: readonly (readonly [name: string, answer: Answer, kind: string, message: RegExp])[] = [
  ["HTML", (response) => response.end("<html>login</html>"), "unavailable", /garbage: the answer is no JSON/],
  ["an error page", (response) => response.writeHead(500).end("oops"), "unavailable", /HTTP status 500/],
  ["no right", (response) => response.writeHead(401).end(), "forbidden", /HTTP status 401/],
  ["an empty object", (response) => response.end("{}"), "unavailable", /neither data nor an error/],
  ["a number", (response) => response.end("5"), "unavailable", /no JSON object/],
  [
    "a vector of nonsense",
    (response) => response.end(answerWith({ resultType: "vector", result: [{ metric: {}, value: [1, "many"] }] })),
    "unavailable",
    /its vector has no samples/,
  ],
  [
    "a native histogram",
    (response) => response.end(answerWith({ resultType: "vector", result: [{ metric: {}, histogram: [1, {}] }] })),
    "unavailable",
    /native histograms are not supported/,
  ],
  [
    "another type",
    (response) => response.end(answerWith({ resultType: "x", result: [] })),
    "unavailable",
    /no known type/,
  ],
  [
    "Prometheus' own refusal",
    (response) => response.writeHead(400).end('{"status":"error","errorType":"bad_data","error":"no such thing"}'),
    "invalid",
    /refused the query: bad_data: no such thing/,
  ],
  [
    "Prometheus out of time",
    (response) => response.writeHead(503).end('{"status":"error","errorType":"timeout","error":"slow"}'),
    "unavailable",
    /timeout: slow/,
  ],
  ["a cut connection", (response) => response.destroy(), "unavailable", /the connection broke/],
  ["silence", () => {}, "unavailable", /no answer within 0.3 s/],
  [
    "a body without an end",
    (response) => {
      const piece = Buffer.alloc(1024 * 1024, "x");
      const more = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", more);
      more();
    },
    "unavailable",
    /larger than 10 MiB/,
  ],
];

test.each(failures)("Prometheus answering with %s is a clear fault", async (_, answer, kind, message) => {
  const url = await serve((_request, response) => answer(response));

  const fault = await faultOf(
    ask({ address: url, timeoutSeconds: answer.length === 0 ? 0.3 : 5, bearerToken: "s3cr3t" }),
  );

  expect(fault).toMatchObject({ kind, message: expect.stringMatching(message) });
  expect(fault.message).not.toContain("s3cr3t");
});

test("who can't be reached, isn't HTTP or isn't an address is named, and secrets aren't", async () => {
  const tcp = createServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  afterwards(() => tcp.close());
  const port = (tcp.address() as AddressInfo).port;

  const refused = await faultOf(ask({ address: "http://user:s3cr3t@127.0.0.1:1" }));
  const other = await faultOf(ask({ address: `http://127.0.0.1:${port}` }));
  const none = await faultOf(ask({ address: "s3cr3t" }));
  const cancelled = await faultOf(ask({ address: "http://127.0.0.1:1" }, AbortSignal.abort()));

  expect(refused).toEqual({
    kind: "unavailable",
    message: "Prometheus at 127.0.0.1:1 can't be asked: the connection was refused",
  });
  expect(other).toMatchObject({ kind: "unavailable", message: expect.stringContaining("the answer is no HTTP") });
  expect(none).toMatchObject({ kind: "invalid" });
  expect(cancelled.message).toMatch(/was cancelled/);
  expect(JSON.stringify([refused, other, none])).not.toContain("s3cr3t");
});

test("a redirect to another host doesn't take the credentials along", async () => {
  const seen: (string | undefined)[] = [];
  const second = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end(answerWith({ resultType: "scalar", result: [1, "1"] }));
  });
  const first = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(307, { location: `${second}${request.url}` }).end();
  });

  await ask({ address: first, bearerToken: "s3cr3t" });

  expect(seen).toEqual(["Bearer s3cr3t", undefined]);
});

test("the address of a cluster's Prometheus is the store of this process, every other is not", () => {
  expect(isEmbeddedAddress(undefined)).toBe(true);
  expect(isEmbeddedAddress("http://prometheus.monitoring.svc.cluster.local:9090")).toBe(true);
  expect(isEmbeddedAddress("http://prometheus.monitoring.svc:9090/")).toBe(true);
  for (const other of [
    "http://prometheus.monitoring.svc.cluster.local:9091",
    "http://prometheus.monitoring.svc.cluster.local.evil.example:9090",
    "http://prometheus.istio-system:9090",
    "https://prometheus.monitoring:9090",
    "nonsense",
  ])
    expect(isEmbeddedAddress(other)).toBe(false);
});

test("the embedded store answers in the same shape, and refuses with the same faults", async () => {
  const store = new MemoryStore();
  store.append(store.seriesFor(labelsOf({ __name__: "up" })), now * 1000, 1);
  const attempt = async (query: string) => queryEmbedded(store, { query }, clock);

  expect(await attempt("up")).toEqual({ value: "[1]", parsed: [1] });
  expect(await attempt("nothing")).toEqual({ value: "[]", parsed: [] });
  expect(await attempt("1 + 1")).toEqual({ value: "2", parsed: 2 });
  expect(await faultOf(attempt("sum("))).toMatchObject({ kind: "invalid", message: expect.stringContaining("1:5") });
});

const webAnswer = async (body: string, query: WebQuery = {}, status = 200) => {
  const url = await serve((_, response) => response.writeHead(status).end(body));
  return queryWeb({ url, ...query }, never, clock);
};

test("a web metric: the first match, the whole, or the text as it is", async () => {
  expect(await webAnswer('{"data":{"ok":true}}', { jsonPath: "{$.data.ok}" })).toEqual({ value: "true", parsed: true });
  expect(await webAnswer("[1,2]")).toEqual({ value: "[1,2]", parsed: [1, 2] });
  expect(await webAnswer('{"a":[{"v":1.5},{"v":2}]}', { jsonPath: "{.a[*].v}" })).toEqual({
    value: "1.5",
    parsed: 1.5,
  });
  expect(await webAnswer("all fine")).toEqual({ value: "all fine", parsed: "all fine" });
});

test("a web metric's method, body and headers arrive", async () => {
  const url = await serve(async (request, response) => {
    const { "content-type": type, authorization } = request.headers;
    response.end(JSON.stringify([request.method, await read(request), type, authorization]));
  });

  const posted = await queryWeb(
    { url, method: "POST", jsonBody: { a: 1 }, headers: [{ key: "Authorization", value: "Bearer x" }] },
    never,
    clock,
  );

  expect(posted.parsed).toEqual(["POST", '{"a":1}', "application/json", "Bearer x"]);
});

test.each([
  ["no", {}, 404, "unavailable", "received non 2xx response code: 404"],
  ["{}", { jsonPath: "{$.a}" }, 200, "unavailable", 'Could not find JSONPath in body: field "a" is not found'],
  ["[]", { jsonPath: "{$[*]}" }, 200, "unavailable", "result of web metric produced no value"],
  ["{}", { jsonPath: "$.a" }, 200, "invalid", "provider.web.jsonPath"],
  ["{}", { method: "DELETE" }, 200, "invalid", 'provider.web.method: found "DELETE"'],
] as const)("a web metric answering %j to %j with %d is a fault", async (body, query, status, kind, message) => {
  expect(await faultOf(webAnswer(body, query, status))).toMatchObject({
    kind,
    message: expect.stringContaining(message),
  });
});

const wall: Clock = {
  now: () => instant(Date.now()),
  after: () => {
    throw new Error("no timers here");
  },
};

test.skipIf(!hasPrometheus)("a real Prometheus is asked and understood", async () => {
  let scrapes = 0;
  let onThird: () => void = () => {};
  const third = new Promise<void>((resolve) => {
    onThird = resolve;
  });
  const target = await serve((_, response) => {
    response.end(`# TYPE c_total counter\nc_total ${scrapes++}\nnot_a_number NaN\n`);
    if (scrapes === 4) onThird();
  });
  const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
  afterwards(() => rmSync(folder, { recursive: true, force: true }));
  const config = `scrape_configs: [{job_name: shop, scrape_interval: 1s, static_configs: [{targets: ["${new URL(target).host}"]}]}]`;
  const { address, stop } = await startPrometheus(folder, { config });
  afterwards(stop);
  await third;

  const attempt = (query: PrometheusQuery) => queryPrometheus({ address, ...query }, never, wall);
  const up = await attempt({ query: "up" });
  const odd = await attempt({ query: "not_a_number" });
  const range = await attempt({
    query: "c_total",
    rangeQuery: { start: 'now() - duration("3s")', end: "now()", step: "1s" },
  });
  const scalar = await attempt({ query: "1 / 0" });
  const empty = await attempt({ query: "nothing" });
  const refused = await faultOf(attempt({ query: "sum(" }));

  expect(up).toEqual({ value: "[1]", parsed: [1] });
  expect(odd).toEqual({ value: "[NaN]", parsed: [Number.NaN] });
  expect((range.parsed as number[]).length).toBeGreaterThan(1);
  expect(scalar).toEqual({ value: "+Inf", parsed: Number.POSITIVE_INFINITY });
  expect(empty).toEqual({ value: "[]", parsed: [] });
  expect(refused).toMatchObject({ kind: "invalid", message: expect.stringContaining("bad_data") });
});
