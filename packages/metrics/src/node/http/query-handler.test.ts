import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { instant, VirtualClock } from "@sluice/kernel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { labelsOf } from "../../labels.ts";
import { createMetricsStore, type MetricsStore } from "../store/metrics-store.ts";
import { createQueryHandler } from "./query-handler.ts";

const now = 1_800_000_000;
const folder = mkdtempSync(join(tmpdir(), "query-"));
const clock = new VirtualClock(instant(now * 1000));
let store: MetricsStore;
let base = "";

const server = createServer((request, response) => void handler(request, response));
let handler: ReturnType<typeof createQueryHandler>;

beforeAll(async () => {
  store = await createMetricsStore({ folder, clock });
  for (const [code, by] of [
    ["200", 9],
    ["500", 1],
  ] as const) {
    const series = store.seriesFor(labelsOf({ __name__: "c_total", code, job: "shop" }));
    for (let at = 0; at <= 300 && series !== undefined; at += 15)
      store.append(series, (now - 300 + at) * 1000, (at / 15) * by);
  }
  const odd = store.seriesFor(labelsOf({ __name__: "odd", kind: 'qu"ote' }));
  if (odd !== undefined) store.append(odd, now * 1000, Number.POSITIVE_INFINITY);
  handler = createQueryHandler({
    store,
    clock,
    metadata: () => [{ name: "c_total", type: "counter", help: "All.", unit: "" }],
    samplesMax: 1000,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function get(path: string, parameters: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${base}${path}?${new URLSearchParams(parameters)}`);
  return { status: response.status, body: await response.json() };
}

async function post(path: string, parameters: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${base}${path}`, { method: "POST", body: new URLSearchParams(parameters) });
  return { status: response.status, body: await response.json() };
}

test("an instant query by GET and by POST, with the envelope of Prometheus", async () => {
  const expected = {
    status: 200,
    body: {
      status: "success",
      data: {
        resultType: "vector",
        result: [
          { metric: { code: "200" }, value: [now, "180"] },
          { metric: { code: "500" }, value: [now, "20"] },
        ],
      },
    },
  };

  expect(await get("/api/v1/query", { query: "sum by (code) (c_total)" })).toEqual(expected);
  expect(await post("/api/v1/query", { query: "sum by (code) (c_total)", time: String(now) })).toEqual(expected);
});

test("scalars, strings, odd values and labels", async () => {
  const result = async (query: string) => (await get("/api/v1/query", { query })).body;

  expect(await result("1 / 0")).toMatchObject({ data: { resultType: "scalar", result: [now, "+Inf"] } });
  expect(await result("0 / 0")).toMatchObject({ data: { result: [now, "NaN"] } });
  expect(await result("1e-7")).toMatchObject({ data: { result: [now, "1e-07"] } });
  expect(await result('"a"')).toMatchObject({ data: { resultType: "string", result: [now, "a"] } });
  expect(await result("odd")).toMatchObject({
    data: { result: [{ metric: { __name__: "odd", kind: 'qu"ote' }, value: [now, "+Inf"] }] },
  });
});

test("a range query in seconds, in RFC 3339 and with a duration as step", async () => {
  const expected = {
    resultType: "matrix",
    result: [
      {
        metric: { code: "500" },
        values: [
          [now - 30, "18"],
          [now, "20"],
        ],
      },
    ],
  };
  const query = 'sum by (code) (c_total{code="500"})';

  const inSeconds = await post("/api/v1/query_range", { query, start: `${now - 30}.0`, end: `${now}`, step: "30" });
  const inDates = await get("/api/v1/query_range", {
    query,
    start: new Date((now - 30) * 1000).toISOString(),
    end: new Date(now * 1000).toISOString(),
    step: "30s",
  });

  expect(inSeconds.body).toMatchObject({ data: expected });
  expect(inDates.body).toMatchObject({ data: expected });
});

test.each([
  ["/api/v1/query", {}, 400, "bad_data", /"query": it is missing/],
  ["/api/v1/query", { query: "sum(" }, 400, "bad_data", /parse error: 1:5/],
  ["/api/v1/query", { query: "limitk(1, a)" }, 400, "bad_data", /limitk is experimental/],
  ["/api/v1/query", { query: "1", time: "soon" }, 400, "bad_data", /valid timestamp/],
  ["/api/v1/query_range", { query: "1", start: "2", end: "1", step: "1" }, 400, "bad_data", /end timestamp/],
  ["/api/v1/query_range", { query: "1", start: "0", end: "1", step: "0" }, 400, "bad_data", /resolution/],
  ["/api/v1/query_range", { query: "c_total[5m]", start: "0", end: "1", step: "1" }, 400, "bad_data", /range vector/],
  ["/api/v1/query", { query: "c_total + on(job) c_total" }, 422, "execution", /many-to-many/],
  ["/api/v1/query", { query: "max_over_time(sum(c_total)[1h:1s])" }, 422, "execution", /too many samples/],
  ["/api/v1/series", {}, 400, "bad_data", /match/],
  ["/api/v1/nothing", {}, 404, "not_found", /no such path/],
])("%s %j is refused with %d", async (path, parameters, status, errorType, message) => {
  const answer = await get(path, parameters);

  expect(answer).toMatchObject({ status, body: { status: "error", errorType, error: expect.stringMatching(message) } });
});

test("series, labels, values, metadata, build, health", async () => {
  const both = { "match[]": 'c_total{code=~"[25]00"}' };

  expect((await get("/api/v1/series", both)).body).toMatchObject({
    data: [
      { __name__: "c_total", code: "200", job: "shop" },
      { __name__: "c_total", code: "500", job: "shop" },
    ],
  });
  expect((await get("/api/v1/series", { ...both, start: "0", end: "1" })).body).toMatchObject({ data: [] });
  expect((await get("/api/v1/labels")).body).toMatchObject({ data: ["__name__", "code", "job", "kind"] });
  expect((await get("/api/v1/labels", both)).body).toMatchObject({ data: ["__name__", "code", "job"] });
  expect((await get("/api/v1/label/code/values")).body).toMatchObject({ data: ["200", "500"] });
  expect((await get("/api/v1/label/code/values", { "match[]": 'c_total{code="500"}' })).body).toMatchObject({
    data: ["500"],
  });
  expect((await get("/api/v1/metadata")).body).toMatchObject({
    data: { c_total: [{ type: "counter", help: "All." }] },
  });
  expect((await get("/api/v1/status/buildinfo")).status).toBe(200);
  expect(await (await fetch(`${base}/-/ready`)).text()).toMatch(/Ready/);
});

test("a body that is too large or no form is refused", async () => {
  const large = await fetch(`${base}/api/v1/query`, {
    method: "POST",
    body: new URLSearchParams({ query: "x".repeat(300_000) }),
  });
  const other = await fetch(`${base}/api/v1/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const deletion = await fetch(`${base}/api/v1/query`, { method: "DELETE" });

  expect([large.status, other.status, deletion.status]).toEqual([400, 400, 405]);
});

const hasPromtool = (() => {
  try {
    execFileSync("promtool", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false; // Debian: apt-get install prometheus
  }
})();

test.skipIf(!hasPromtool)("promtool works against it", async () => {
  const promtool = async (...words: string[]) => (await promisify(execFile)("promtool", words)).stdout;

  expect(await promtool("query", "instant", base, "sum(c_total)", `--time=${now}`)).toMatch(
    /\{\} => 200 @\[1800000000\]/,
  );
  expect(
    await promtool("query", "range", `--start=${now - 60}`, `--end=${now}`, "--step=60s", base, "sum(c_total)"),
  ).toMatch(/160 @.*\n200 @/);
  expect(await promtool("query", "series", "--match=odd", `--start=${now - 60}`, `--end=${now}`, base)).toMatch(/odd/);
  expect(await promtool("query", "labels", base, "code")).toBe("200\n500\n");
});
