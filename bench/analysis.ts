// 1,000 AnalysisRuns that ask every ten seconds: how late they ask, whether that grows, and what it costs.
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { AnalysisRun } from "@sluice/api";
import { analysisRunReconciler } from "@sluice/controllers";
import { realClock } from "../packages/cli/src/control-plane/real-clock.ts";
import { Fleet, median, namespace, quantile } from "./fleet/world.ts";
import type { Row } from "./row.ts";

const runs = 1000;
const everyMs = 10_000;
const rounds = 6;

export async function bench(): Promise<Row[]> {
  const timers = await timersAlone();
  const fleet = await Fleet.open();
  try {
    const asked = new Map<string, number[]>();
    const query = async ({ query: name }: { readonly query?: unknown }) => {
      const times = asked.get(String(name)) ?? [];
      times.push(realClock.now());
      asked.set(String(name), times);
      return { value: "[0.01]", parsed: [0.01] };
    };
    await fleet.begin((effects) => [analysisRunReconciler(effects)], { queryPrometheus: query });
    const heldUp = monitorEventLoopDelay({ resolution: 5 });
    heldUp.enable();
    const cpu = process.cpuUsage();
    const began = performance.now();
    for (let index = 0; index < runs; index++) {
      await fleet.client.create(runOf(index));
      if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, everyMs / (runs / 10)));
    }
    while (asked.size < runs || [...asked.values()].some((times) => times.length < rounds)) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const elapsedMs = performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    heldUp.disable();
    const all = [...asked.values()];
    const late = all.flatMap((times) => times.slice(1).map((time, index) => time - dueAfter(times[index] ?? 0)));
    // The second is the first that comes by the interval.
    const drift = all.map((times) => (times.at(-1) ?? 0) - (times[1] ?? 0) - (rounds - 2) * everyMs);
    return [
      {
        name: `${runs} AnalysisRuns each 10 s: after its instant, p99`,
        value: quantile(late, 0.99),
        unit: "ms",
        peer: `as many timers, p99: ${quantile(timers, 0.99).toFixed(1)} ms`,
        ratio: quantile(late, 0.99) / Math.max(1, quantile(timers, 0.99)),
      },
      {
        name: "the same, median",
        value: median(late),
        unit: "ms",
        peer: `as many timers: ${median(timers).toFixed(1)} ms`,
        ratio: median(late) / Math.max(1, median(timers)),
      },
      {
        name: `drift after ${rounds - 2} intervals, median`,
        value: median(drift),
        unit: "ms",
        goal: "0, but for how late the last is",
      },
      {
        name: "AnalysisRuns that lost a second on the way",
        value: drift.filter((lost) => lost >= 500).length,
        unit: "",
        goal: "0",
      },
      { name: "CPU of them all", value: (user + system) / 10 / elapsedMs, unit: "% of a core" },
      { name: "CPU a measurement", value: (user + system) / (runs * rounds), unit: "us" },
      { name: "event loop held up, p99", value: Math.max(0, heldUp.percentile(99) / 1e6 - 5), unit: "ms" },
    ];
  } finally {
    await fleet.stop();
  }
}

/** Timestamps are whole seconds in the format, and the next comes strictly after the last and the interval. */
const dueAfter = (time: number): number => Math.floor(time / 1000) * 1000 + everyMs + 1;

function runOf(index: number): AnalysisRun {
  const metric = {
    name: "errors",
    interval: `${everyMs / 1000}s`,
    count: rounds,
    successCondition: "result[0] < 0.05",
    provider: { prometheus: { address: "http://prometheus", query: `errors-${index}` } },
  };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: `run-${index}`, namespace },
    spec: { metrics: [metric] },
  };
}

/** As many at the same instants, whole seconds, with nothing to do: how late each is. */
async function timersAlone(): Promise<readonly number[]> {
  const began = Math.ceil(realClock.now() / 1000) * 1000 + 1000;
  return Promise.all(
    Array.from({ length: runs }, async (_, index) => {
      const due = began + (index % (everyMs / 1000)) * 1000;
      await new Promise((resolve) => setTimeout(resolve, due - realClock.now()));
      return Math.max(0, realClock.now() - due);
    }),
  );
}
