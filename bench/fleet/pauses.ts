import type { Rollout, VirtualService } from "@sluice/api";
import { parseInstant } from "@sluice/kernel";
import { realClock } from "../../packages/cli/src/control-plane/real-clock.ts";
import type { Row } from "../row.ts";
import { timersAndCommits } from "./limit.ts";
import { nameOf } from "./objects.ts";
import { type Fleet, median, namespace, quantile } from "./world.ts";

/** First that the pause is over, then the weight: what is acted on is written before. */
const commitsToAWeight = 2;
/** Three weights and three pauses; it is stopped before the last is over. */
const stepsOfARelease = 5;

/** From the instant at which a pause is over to the VirtualService with the next weight. */
export async function measurePauses(fleet: Fleet, rollouts: number, pauseSeconds: number): Promise<Row[]> {
  const released = Math.ceil(rollouts / 50);
  const delays: number[] = [];
  const finished = new Set<string>();
  const begun = new Map<string, number>();
  const routes = fleet.client.watch<VirtualService>(
    { apiVersion: "networking.istio.io/v1", kind: "VirtualService" },
    { namespace },
  );
  const states = fleet.client.watch<Rollout>({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" }, { namespace });
  const watchStates = (async () => {
    for await (const event of states) {
      if (event.type === "BOOKMARK") continue;
      const { metadata, status } = event.object;
      const start = parseInstant(status?.pauseConditions?.[0]?.startTime ?? "");
      if (start !== undefined) begun.set(metadata.name, start + pauseSeconds * 1000);
    }
  })();
  const watchRoutes = (async () => {
    for await (const event of routes) {
      if (event.type === "BOOKMARK") continue;
      const { metadata, spec } = event.object;
      const weight = spec.http?.[0]?.route?.[1]?.weight ?? 0;
      const due = begun.get(metadata.name);
      if (due !== undefined && (weight === 20 || weight === 50)) delays.push(realClock.now() - due);
      if (weight === 50) finished.add(metadata.name);
    }
  })();
  const before = await timersAndCommits(200, commitsToAWeight);
  let passes = 0;
  fleet.onPass(() => passes++);
  const cpu = process.cpuUsage();
  const began = performance.now();
  // As many in each second of a pause: pauses end at whole seconds, all those of a second together.
  for (let index = 0; index < released; index++) {
    await fleet.client.patch(
      { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: nameOf(index * 50) },
      {
        type: "merge",
        value: { spec: { template: { spec: { containers: [{ name: "web", image: "web:v2" }] } } } },
      },
    );
    await new Promise((resolve) => setTimeout(resolve, (pauseSeconds * 1000) / released));
  }
  while (finished.size < released) await new Promise((resolve) => setTimeout(resolve, 100));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  routes.stop();
  states.stop();
  await Promise.all([watchStates, watchRoutes]);
  const limit = [...before, ...(await timersAndCommits(200, commitsToAWeight))];
  return [
    {
      name: `pause over to next weight, ${released} of ${rollouts} under way, p99`,
      value: quantile(delays, 0.99),
      unit: "ms",
      goal: "< 50 ms",
      peer: `timer, 2 commits: ${quantile(limit, 0.99).toFixed(1)} ms`,
      ratio: quantile(delays, 0.99) / Math.max(1, quantile(limit, 0.99)),
    },
    {
      name: "the same, median",
      value: median(delays),
      unit: "ms",
      peer: `timer, 2 commits: ${median(limit).toFixed(1)} ms`,
      ratio: median(delays) / Math.max(1, median(limit)),
    },
    {
      name: "CPU of a step",
      value: (user + system) / 1000 / (released * stepsOfARelease),
      unit: "ms",
    },
    {
      name: "looks at something for a step",
      value: passes / (released * stepsOfARelease),
      unit: "",
    },
    {
      name: "CPU meanwhile",
      value: (user + system) / 10_000 / seconds,
      unit: "% of a core",
    },
  ];
}
