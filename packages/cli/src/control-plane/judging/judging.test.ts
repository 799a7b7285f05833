import { appendFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Judgement, JudgementSpec, RollbackPolicy } from "@sluice/api";
import type { JudgedWindows } from "@sluice/controllers";
import { instant, millis, ratio } from "@sluice/kernel";
import { labelsOf, MemoryStore } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { judgeVersion } from "@sluice/verdict";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { render } from "../../commands/why-replay.ts";
import { asMetrics, began, counted, countedSpec, never } from "./counted.fixture.ts";
import { judgeWindows } from "./judge-windows.ts";
import { replayedOf, wholeLog } from "./whole-log.fixture.ts";
import { WindowLogs } from "./window-logs.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-judging-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Thirty-five minutes of two versions; the canary fails `badShare` of its requests. */
function metricsOf(badShare: number): MetricsStore {
  const failed = (share: number) => (total: number) => Math.round(total * share);
  const store = counted([
    { hash: "stable", perSecond: 200, from: -1800, failed: failed(0.002) },
    { hash: "canary", perSecond: 50, from: 0, failed: failed(badShare) },
  ]);
  for (const [container, mebibytes] of [
    ["shop", 60],
    ["sidecar", 20],
  ] as const) {
    const labels = { job: "sluice-router", namespace: "shop", pod: "a", pod_template_hash: "canary", container };
    const memory = store.seriesFor(labelsOf({ __name__: "container_memory_working_set_bytes", ...labels }));
    for (let second = 0; second <= 300; second++) {
      store.append(memory, began + second * 1000, (mebibytes + (second > 150 ? 12 : 0)) * 1024 * 1024);
    }
  }
  return asMetrics(store);
}

const spec = countedSpec;
const work = (upTo: number, uid = "one") => ({
  do: "judgeWindows",
  uid,
  namespace: "shop",
  spec,
  known: 0,
  upTo,
  weight: 20,
  step: 0,
  stepSince: began,
  canary: { pods: 1, restarts: 0, memoryLimits: ["100Mi", "28Mi"] },
  stable: { pods: 4, restarts: 0 },
});

describe("windows from the router's counters", () => {
  const handlerOf = (store: MetricsStore) =>
    judgeWindows({ store, logs: new WindowLogs(folder), now: () => instant(began + 300_000) });

  test("a version that fails more is found, with its numbers", async () => {
    const judge = handlerOf(metricsOf(0.05));

    const result = (await judge(work(24), never)) as JudgedWindows;

    expect(result.windows).toBe(24);
    expect(result.verdict.action).toBe("rollback");
    expect(result.verdict.because).toMatch(/fail.* on v2 against .* on v1/);
    expect(result.kpis.errorRate).toBeCloseTo(5, 0);
  });

  test("an equal version goes on", async () => {
    const result = (await handlerOf(metricsOf(0.002))(work(40), never)) as JudgedWindows;

    expect(result.verdict.action).toBe("continue");
    expect(result.verdict.requests).toBeGreaterThan(9000);
  });

  test("one bad endpoint among many is found, and named", async () => {
    const store = new MemoryStore();
    for (const [hash, perSecond, from] of [
      ["stable", 200, -1800],
      ["canary", 50, 0],
    ] as const) {
      for (let index = 0; index < 60; index++) {
        // The sixty endpoints aren't asked for equally: the checkout has one in fifty requests.
        const weight = index === 0 ? 0.02 : (0.98 * 2 * (60 - index)) / (60 * 59);
        const endpoint = index === 0 ? "POST /checkout" : `GET /part/${index}`;
        const labels = { job: "sluice-router", namespace: "shop", pod_template_hash: hash, endpoint };
        const series = (code: string) =>
          store.seriesFor(labelsOf({ __name__: "http_requests_total", ...labels, code }));
        const [good, bad] = [series("200"), series("500")];
        const share = index === 0 && hash === "canary" ? 0.1 : 0.004;
        for (let second = from; second <= 600; second++) {
          const total = (second - from) * perSecond * weight;
          store.append(good, began + second * 1000, Math.round(total * (1 - share)));
          store.append(bad, began + second * 1000, Math.round(total * share));
        }
      }
    }

    const judge = handlerOf(store as unknown as MetricsStore);
    const { verdict } = (await judge(work(100), never)) as JudgedWindows;

    expect(verdict.action).toBe("rollback");
    expect(verdict.because).toMatch(/^POST \/checkout fails .* on v2 against 0\.4 % on v1/);
    expect(verdict.evidence[0]).toMatchObject({ signal: "failures of an endpoint", endpoint: "POST /checkout" });
  });

  const switched = { ...spec, plan: [{ weight: 100, seconds: 0 }], comparedWith: "before" } as const;

  test("after a switch it is compared with what was served before it", async () => {
    const bad = (await handlerOf(metricsOf(0.5))({ ...work(4), spec: switched, weight: 100 }, never)) as JudgedWindows;
    const small = { ...work(6, "small"), spec: switched, weight: 100 };
    const equal = (await handlerOf(metricsOf(0.002))(small, never)) as JudgedWindows;

    expect(bad.verdict.action).toBe("rollback");
    expect(bad.verdict.because).toMatch(/fails? 50 % on v2 against 0\.2 % on v1 before it over 1,000 requests/);
    expect(equal.verdict).toMatchObject({ action: "continue", requests: 1500 });
    expect(equal.kpis.stableErrorRate).toBeCloseTo(0.2, 1);
  });

  test("memory is that of a pod's containers together, against their limits together", async () => {
    const { kpis } = (await handlerOf(metricsOf(0.002))(work(40), never)) as JudgedWindows;

    expect(kpis.memoryUsage).toBeCloseTo((100 * (60 + 20 + 24)) / 128);
    expect(kpis.memoryGrowth).toBeCloseTo(30);
  });

  test("a control plane that died goes on from its log to the same verdict, a half written line notwithstanding", async () => {
    const store = metricsOf(0.03);
    const whole = (await handlerOf(store)(work(30, "whole"), never)) as JudgedWindows;
    await handlerOf(store)(work(12), never);
    await appendFile(join(folder, "one.ndjson"), '{"type":"window","win');

    const resumed = (await handlerOf(store)(work(30), never)) as JudgedWindows;

    expect(resumed.windows).toBe(30);
    // The halves of the history are drawn by the release's uid, so their noise differs a little from release to release.
    expect(resumed.verdict.action).toBe(whole.verdict.action);
  });

  test("a model of before an upgrade, for other inputs, ends neither the release nor its replay", async () => {
    const store = metricsOf(0.03);
    await handlerOf(store)(work(12), never);
    const file = join(folder, "one.ndjson");
    const [first = "", ...others] = (await readFile(file, "utf8")).split("\n");
    const foreign = { version: 1, inputs: ["requests"], parts: {} };
    await writeFile(file, [JSON.stringify({ ...JSON.parse(first), learned: foreign }), ...others].join("\n"));

    const resumed = (await handlerOf(store)(work(30), never)) as JudgedWindows;
    const log = await wholeLog(new WindowLogs(folder), "one");
    const judgement = { metadata: { name: "shop-canary-2", uid: "one" }, spec } as Judgement;

    expect(resumed.windows).toBe(30);
    expect(log === undefined ? undefined : replayedOf(judgement, log)).toMatchObject({ differing: [] });
  });

  test("every verdict can be worked out again from what was kept", async () => {
    await handlerOf(metricsOf(0.05))(work(24), never);
    const log = await wholeLog(new WindowLogs(folder), "one");
    const judgement = { metadata: { name: "shop-canary-2", uid: "one" }, spec } as Judgement;

    const replayed = log === undefined ? undefined : replayedOf(judgement, log);

    expect(replayed).toMatchObject({ windows: 24, differing: [], asItWas: { action: "rollback" } });
    expect(await readFile(join(folder, "one.ndjson"), "utf8")).not.toContain("NaN");
  });

  test("what another judge gave may be otherwise, and the replay says whose verdicts they were", async () => {
    await handlerOf(metricsOf(0.05))(work(24), never);
    const log = await wholeLog(new WindowLogs(folder), "one");
    if (log === undefined) throw new Error("nothing was kept");
    const judgement = { metadata: { name: "shop-canary-2", uid: "one" }, spec } as Judgement;
    const patient = log.windows.map((one) => ({ ...one, verdict: { ...one.verdict, action: "continue" as const } }));
    const anonymous = patient.map(({ judge: _, ...one }) => one);
    const told = (windows: typeof log.windows) => render(replayedOf(judgement, { ...log, windows }));

    expect(replayedOf(judgement, log)).toMatchObject({ judge: judgeVersion, otherJudges: [] });
    expect(told(log.windows)).not.toContain("judged then by");
    expect(told(patient)).toMatch(/windows are judged otherwise/);
    expect(told(patient)).not.toContain("judged then by");
    expect(told(anonymous)).toContain(`judged then by judge 1 or older, now by judge ${judgeVersion}: what follows`);
    const upgraded = log.windows.map((one, index) => (index < 9 ? { ...one, judge: judgeVersion + 1 } : one));
    expect(told(upgraded)).toContain(`by judge ${judgeVersion + 1}, now by judge ${judgeVersion}: it says the same`);
  });
});

describe("what rules and a model looked at is kept, too", () => {
  const leaking = [
    { signal: "memoryUsage", above: 80 },
    { signal: "memoryGrowth", above: 10 },
  ] as const;
  const few = [{ signal: "metric", metric: "orders", below: 5 }] as const;
  const policed: JudgementSpec = {
    ...spec,
    policy: "careful",
    metrics: [{ name: "orders", query: "vector(3)" }],
    rules: [{ name: "memory", when: leaking, action: "immediate_rollback" }],
  };
  const otherPolicy = (rules: JudgementSpec["rules"]) =>
    ({ metadata: { name: "other" }, spec: { ...(rules === undefined ? {} : { rules }) } }) as RollbackPolicy;

  test("a rule about memory, which needs its limit, and one about a number of the business say again what they said", async () => {
    const judge = judgeWindows({
      store: metricsOf(0.002),
      logs: new WindowLogs(folder),
      now: () => instant(began + 300_000),
    });
    for (let upTo = 1; upTo <= 40; upTo++) await judge({ ...work(upTo), spec: policed, known: upTo - 1 }, never);

    const log = await wholeLog(new WindowLogs(folder), "one");
    const judgement = { metadata: { name: "shop-canary-2", uid: "one" }, spec: policed } as Judgement;
    const rules = [{ name: "few-orders", when: few, action: "alert_human" }] as const;
    const replayed = log === undefined ? undefined : replayedOf(judgement, log, otherPolicy(rules));

    expect(log?.windows.filter(({ known }) => known?.metrics.orders === 3)).toHaveLength(40);
    expect(replayed?.differing).toEqual([]);
    expect(replayed?.asItWas).toMatchObject({ action: "rollback", because: expect.stringContaining("rule memory") });
    expect(replayed?.withPolicy).toMatchObject({
      action: "alert",
      because: expect.stringContaining("orders 3, below 5"),
    });
  });

  test("a model's word ends a release in the replay as it did", () => {
    const log = {
      release: { plan: [], bucketEdgesMs: [100], history: [] },
      windows: Array.from({ length: 80 }, (_, index) => {
        const served = {
          requests: 50,
          failures: 0,
          latencyCounts: [50, 0],
          endpoints: [],
          exposures: 0,
          conversions: 0,
        };
        const version = { ...served, restarts: 0, pods: 1 };
        const ends = millis((index + 1) * 5000);
        const times = { ends, lasts: millis(5000), weight: ratio(0.2), step: 0, stepAge: ends };
        return {
          window: { ...times, canary: version, stable: version },
          verdict: { action: "continue" as const, nats: 0, because: "" },
          known: { metrics: {}, prediction: { probability: index < 10 ? 0.2 : 0.95 } },
        };
      }),
      unreadable: 0,
    };
    const asked: JudgementSpec = { ...policed, rules: [], model: { url: "http://model.example" } };
    const judgement = { metadata: { name: "shop-canary-2", uid: "one" }, spec: asked } as Judgement;

    // It was alarmed from 55 s on, and was validated for five minutes.
    expect(replayedOf(judgement, log).asItWas).toMatchObject({ action: "rollback", afterSeconds: 355 });
  });
});

test("what was kept of a release goes 90 days after its last window, and what a crash left half written sooner", async () => {
  const day = 24 * 3600;
  for (const [name, daysAgo] of [
    ["old.ndjson", 91],
    ["young.ndjson", 89],
    ["notes.txt", 200],
    ["old.starts.json", 91],
    ["young.starts.json", 89],
    ["cut.starts.json.new", 1],
    ["being-written.starts.json.new", 0],
  ] as const) {
    await writeFile(join(folder, name), "{}\n");
    await utimes(join(folder, name), began / 1000 - daysAgo * day, began / 1000 - daysAgo * day);
  }

  await new WindowLogs(folder).sweep(began);

  expect((await readdir(folder)).toSorted()).toEqual([
    "being-written.starts.json.new",
    "notes.txt",
    "young.ndjson",
    "young.starts.json",
  ]);
});

test("without its token it isn't asked, and what is missing is named", async () => {
  const judge = judgeWindows({
    store: metricsOf(0.002),
    logs: new WindowLogs(folder),
    now: () => instant(began + 300_000),
  });
  const model = { url: "http://127.0.0.1:9", tokenSecretRef: { name: "model", key: "token" } };

  const result = (await judge({ ...work(4), spec: { ...spec, model } }, never)) as JudgedWindows;

  expect(result.model).toEqual({
    message: "not asked: Secret model has no key token; the built-in verdict stands",
  });
});
