import { type AnalysisRun, type AnalysisRunSpec, builtInKinds, type Metric, type Resource } from "@sluice/api";
import { Fault, formatInstant, seconds, type TaskWork } from "@sluice/kernel";
import { expect, test } from "vitest";
import {
  type Scenario,
  settles,
  survivesCrashes,
  survivesStaleReads,
  World,
  type WorldOptions,
} from "../laws/index.ts";
import type { TaskHandler } from "../loop/index.ts";
import { analysisRunReconciler } from "./index.ts";

const key = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", namespace: "shop", name: "run" };

const errorRate = (fields: Partial<Metric> = {}): Metric => ({
  name: "error-rate",
  successCondition: "result[0] < 0.05",
  provider: { prometheus: { address: "http://prometheus", query: "errors" } },
  ...fields,
});

const analysisRun = (spec: AnalysisRunSpec): AnalysisRun => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: { name: "run", namespace: "shop" },
  spec,
});

/** A provider that answers one value after the other, then the last for ever. */
function answering(...answers: unknown[]) {
  const asked: TaskWork[] = [];
  const answer = async (work: TaskWork) => {
    const next = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(work);
    if (next instanceof Fault) throw next;
    return { value: JSON.stringify(next), parsed: next };
  };
  const tasks = { queryPrometheus: answer, queryWeb: answer, queryPlugin: answer, compareVersions: answer };
  return { asked, tasks: () => tasks };
}

interface Provider {
  readonly asked: readonly TaskWork[];
  readonly tasks: () => Readonly<Record<string, TaskHandler>>;
}

async function play(spec: AnalysisRunSpec, provider: Provider = answering([0]), options: Partial<WorldOptions> = {}) {
  const world = await World.create({
    reconcilers: (effects) => [analysisRunReconciler(effects)],
    tasks: provider.tasks,
    ...options,
  });
  await world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  await world.apply(analysisRun(spec));
  const status = async () => (await world.get<AnalysisRun>(key))?.status;
  return { world, status, asked: provider.asked };
}

test("one measurement ends a run without count and interval", async () => {
  const { status } = await play({ metrics: [errorRate()] }, answering([0.01]));

  expect(await status()).toMatchObject({
    phase: "Successful",
    metricResults: [{ phase: "Successful", count: 1, measurements: [{ phase: "Successful", value: "[0.01]" }] }],
    runSummary: { count: 1, successful: 1 },
  });
});

test("an interval counts from the end of the last measurement, strictly", async () => {
  const { world, asked } = await play({ metrics: [errorRate({ interval: "1m", count: 3 })] });

  expect(asked.length).toBe(1);
  await world.run(seconds(60));
  expect(asked.length).toBe(1);
  await world.run(seconds(1));
  expect(asked.length).toBe(2);
});

test("initialDelay counts from the start of the run", async () => {
  const { world, asked } = await play({ metrics: [errorRate({ initialDelay: "30s" })] });

  await world.run(seconds(29));
  expect(asked.length).toBe(0);
  await world.run(seconds(1));
  expect(asked.length).toBe(1);
});

test("how often, from when on and how long it measures may be arguments, for the API too", async () => {
  const { world, asked, status } = await play(
    {
      args: Object.entries({ every: "20s", first: "30s", times: "2", limit: "1" }).map(([name, value]) => ({
        name,
        value,
      })),
      metrics: [
        errorRate({
          interval: "{{args.every}}",
          initialDelay: "{{ args.first }}",
          count: "{{args.times}}",
          failureLimit: "{{args.limit}}",
          provider: {
            prometheus: {
              query: "errors",
              rangeQuery: { start: "now() - duration('{{args.every}}')", end: "now()", step: "{{args.every}}" },
            },
          },
        }),
      ],
    },
    answering([1], [0]),
    { kinds: builtInKinds() },
  );

  await world.run(seconds(29));
  expect(asked).toEqual([]);
  await world.run(seconds(23));

  expect(asked).toMatchObject([
    { rangeQuery: { start: "now() - duration('20s')", step: "20s" } },
    { rangeQuery: { step: "20s" } },
  ]);
  expect(await status()).toMatchObject({ phase: "Successful", metricResults: [{ count: 2, failed: 1 }] });
});

test("an error is tried again after 10 seconds, the fifth in a row trips", async () => {
  const { world, status } = await play(
    { metrics: [errorRate({ interval: "1h" })] },
    answering(new Fault("unavailable", "no route to host")),
  );

  await world.run(seconds(39));
  expect((await status())?.phase).toBe("Running");
  await world.run(seconds(3));

  expect(await status()).toMatchObject({
    phase: "Error",
    message:
      'Metric "error-rate" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: no route to host"',
    metricResults: [{ error: 5 }],
  });
  expect((await status())?.metricResults?.[0]?.count).toBeUndefined();
});

test("arguments reach the query, secrets reach only the query", async () => {
  const provider = answering(new Fault("unavailable", "http://judge/shop?token=s3cr3t refused"));
  const { world } = await play({ metrics: [errorRate()], terminate: true }, provider);
  await world.client.delete(key);
  await world.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "keys", namespace: "shop" },
    data: { token: "czNjcjN0" },
  } as Resource);
  const url = "http://judge/{{args.service}}?token={{args.token}}";

  await world.apply(
    analysisRun({
      args: [
        { name: "service", value: "shop" },
        { name: "token", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } },
      ],
      metrics: [{ name: "judge", provider: { web: { url } } }],
    }),
  );

  expect(provider.asked).toMatchObject([{ do: "queryWeb", url: "http://judge/shop?token=s3cr3t", timeoutSeconds: 10 }]);
  const stored = JSON.stringify(await world.get(key));
  expect(stored).not.toContain("s3cr3t");
  expect(stored).toContain("http://judge/shop?token=***** refused");
});

test.each<[AnalysisRunSpec, string]>([
  [
    { metrics: [errorRate({ provider: { prometheus: { query: "{{args.none}}" } } })] },
    "Unable to resolve metric arguments: failed to resolve {{args.none}}",
  ],
  [{ metrics: [errorRate()], args: [{ name: "x" }] }, "Unable to resolve metric arguments: args.x was not resolved"],
  [
    { metrics: [errorRate()], args: [{ name: "x", valueFrom: { secretKeyRef: { name: "no", key: "k" } } }] },
    'Unable to resolve metric arguments: secrets "no" not found',
  ],
  [
    { metrics: [errorRate({ count: 2 })] },
    "Analysis spec invalid: metrics[0]: interval must be specified when count > 1",
  ],
  [
    { metrics: [errorRate()], dryRun: [{ metricName: "x{" }] },
    "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)",
  ],
])("a run that can't begin ends in Error (%#)", async (spec, message) => {
  const { status } = await play(spec);

  expect(await status()).toMatchObject({ phase: "Error", message });
});

test("terminating ends a run at once, as Successful where nothing failed", async () => {
  const { world, status } = await play({ metrics: [errorRate({ interval: "1m" })] });

  await world.client.patch(key, { type: "merge", value: { spec: { terminate: true } } });
  await world.settle();

  expect(await status()).toMatchObject({ phase: "Successful", message: "Run Terminated" });
});

test("only the last ten measurements are kept, all are counted", async () => {
  const { world, status } = await play({ metrics: [errorRate({ interval: "1m", count: 13 })] });

  await world.run(seconds(15 * 62));

  const result = (await status())?.metricResults?.[0];
  expect(result?.measurements?.length).toBe(10);
  expect(result).toMatchObject({ phase: "Successful", count: 13, successful: 13 });
});

test("a provider that never answers is an error, not a run without end", async () => {
  const silent = { asked: [], tasks: () => ({ queryPrometheus: () => new Promise<never>(() => {}) }) };
  const { world, status } = await play({ metrics: [errorRate({ consecutiveErrorLimit: 0 })] }, silent);

  await world.run(seconds(46));

  expect(await status()).toMatchObject({
    phase: "Error",
    metricResults: [{ measurements: [{ phase: "Error", message: "the provider did not answer within 30s" }] }],
  });
});

test.each([
  [0, "Successful", { secondsAfterCompletion: 60 }, 60],
  [1, "Failed", { secondsAfterCompletion: 60 }, 60],
  [0, "Successful", { secondsAfterCompletion: 60, secondsAfterSuccess: 20, secondsAfterFailure: 90 }, 20],
  [1, "Failed", { secondsAfterCompletion: 60, secondsAfterSuccess: 20, secondsAfterFailure: 90 }, 90],
  [0, "Successful", { secondsAfterFailure: 90 }, undefined],
])("a run that answers %d ends %s and, by %j, is deleted after %s s", async (answer, phase, ttlStrategy, end) => {
  const { world, status } = await play({ metrics: [errorRate()], ttlStrategy }, answering([answer]));

  await world.run(seconds((end ?? 600) - 1));
  expect((await status())?.phase).toBe(phase);
  await world.run(seconds(2));
  expect((await status())?.phase).toBe(end === undefined ? phase : undefined);
});

test.each([
  ["good", [0], { secondsAfterSuccess: 10, secondsAfterFailure: 30 }, 10],
  ["bad", [1], { secondsAfterSuccess: 10, secondsAfterFailure: 30 }, 30],
  ["bad", [1], { secondsAfterSuccess: 10, secondsAfterCompletion: 20 }, 20],
])("the time to live of a %s run that answered %j by %j is %d s", async (_, answer, ttlStrategy, lifetime) => {
  const { world, status } = await play({ metrics: [errorRate()], ttlStrategy }, answering(answer));

  await world.run(seconds(lifetime - 1));
  expect(await status()).toBeDefined();
  await world.run(seconds(2));
  expect(await status()).toBeUndefined();
});

test("a plugin is asked by its name, with its configuration, arguments filled in", async () => {
  const provider = answering({ rate: 0.01 });
  const plugin = { "acme/ask": { query: "{{args.service}}" } };

  const { status } = await play(
    {
      args: [{ name: "service", value: "shop" }],
      metrics: [errorRate({ successCondition: "result.rate < 0.05", provider: { plugin } })],
    },
    provider,
  );

  expect(provider.asked).toMatchObject([
    { do: "queryPlugin", plugin: "acme/ask", config: { query: "shop" }, metric: "error-rate", namespace: "shop" },
  ]);
  expect((await status())?.phase).toBe("Successful");
});

test.each([
  [{}, 96, "Successful"],
  [{}, 80, "Inconclusive"],
  [{}, 74, "Failed"],
  [{ pass: 90, marginal: 90 }, 89, "Failed"],
  [{ pass: 70 }, 72, "Failed"],
])("a comparison with %j decides a score of %d by itself: %s", async (fields, score, phase) => {
  const plugin = { "sluice.dev/canary-comparison": { metrics: [], ...fields } };
  const { successCondition: _, ...metric } = errorRate({ provider: { plugin } });

  const { status, asked } = await play({ metrics: [metric] }, answering({ score }));

  expect(asked).toMatchObject([{ do: "compareVersions", comparison: { metrics: [] } }]);
  expect((await status())?.phase).toBe(phase);
});

const lawful: Scenario = {
  world: {
    reconcilers: (effects) => [analysisRunReconciler(effects)],
    // By time, not by how often it was asked: a query lost in a crash is asked again.
    tasks: (clock) => ({
      queryPrometheus: async ({ query }) => {
        const isLate = formatInstant(clock.now()) > "2026-01-01T00:02:30Z";
        const value = query === "errors" && isLate ? 0.5 : 0.01;
        return { value: `[${value}]`, parsed: [value] };
      },
    }),
  },
  async story(world) {
    await world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
    await world.apply(
      analysisRun({
        metrics: [
          errorRate({ interval: "30s", failureLimit: 1 }),
          errorRate({
            name: "latency",
            interval: "20s",
            initialDelay: "15s",
            provider: { prometheus: { query: "latency" } },
          }),
          errorRate({ name: "once", provider: { prometheus: { query: "once" } } }),
        ],
        dryRun: [{ metricName: "once" }],
      }),
    );
    await world.run(seconds(600));
  },
  async end(world) {
    const status = (await world.get<AnalysisRun>(key))?.status;
    return {
      phase: status?.phase,
      message: status?.message,
      results: status?.metricResults?.map(({ name, phase, failed }) => ({ name, phase, failed })),
      summary: status?.runSummary,
    };
  },
};

test("law: it settles", () => settles(lawful));
test("law: a crash at any point changes nothing in the end", () => survivesCrashes(lawful, { points: 60 }));
test("law: stale reads converge to the same end", () => survivesStaleReads(lawful));
