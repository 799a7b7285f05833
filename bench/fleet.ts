// 10,000 Rollouts of which 200 are released: what looking at them costs, and how soon after a pause the next weight comes.
import type { Resource, Rollout, VirtualService } from "@sluice/api";
import { rolloutReconciler } from "@sluice/controllers";
import { parseInstant } from "@sluice/kernel";
import { realClock } from "../packages/cli/src/control-plane/real-clock.ts";
import { timersAndCommits } from "./fleet/limit.ts";
import { Fleet, heldBytes, median, namespace, quantile, readyAtOnce } from "./fleet/world.ts";
import type { Row } from "./row.ts";

// Most of the time goes into making them; ROLLOUTS=1000 npm run bench fleet takes a minute.
const rollouts = Number(process.env.ROLLOUTS ?? 10_000);
const released = Math.ceil(rollouts / 50);
// Shorter than pauses are: of 200 releases three or four go on in the same second.
const pauseSeconds = Number(process.env.PAUSE ?? 60);
/** First that the pause is over, then the weight: what is acted on is written before. */
const commitsToAWeight = 2;

const nameOf = (index: number) => `web-${String(index).padStart(5, "0")}`;

function rolloutOf(index: number, image: string): Rollout {
  const name = nameOf(index);
  const istio = {
    virtualService: { name, routes: ["primary"] },
    destinationRule: { name, canarySubsetName: "canary", stableSubsetName: "stable" },
  };
  const pause = { pause: { duration: `${pauseSeconds}s` } };
  const steps = [{ setWeight: 5 }, pause, { setWeight: 20 }, pause, { setWeight: 50 }, pause];
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name, namespace, labels: { app: name }, annotations: { "sluice.dev/judge": "off" } },
    spec: {
      // No weight needs more Pods than the one before: what is measured is the step, not the machine's processes.
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "web", image }] } },
      strategy: { canary: { steps, trafficRouting: { istio } } },
    },
  };
}

function routesOf(index: number): Resource[] {
  const name = nameOf(index);
  const route = ["stable", "canary"].map((subset) => ({
    destination: { host: name, subset },
    weight: subset === "stable" ? 100 : 0,
  }));
  const metadata = { name, namespace };
  const http = [{ name: "primary", route }];
  const subsets = ["stable", "canary"].map((subset) => ({ name: subset, labels: { app: name } }));
  return [
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata,
      spec: { hosts: [name], http },
    } as Resource,
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata,
      spec: { host: name, subsets },
    } as Resource,
  ];
}

const quarantine = (index: number): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Quarantine",
    metadata: { name: `bad-${index}`, namespace },
    spec: {
      namespace,
      workload: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: nameOf(index) },
      podTemplateHash: "abc",
      templateDigest: "abc",
      images: [],
      reason: "bench",
      decision: "bench",
    },
  }) as Resource;

export async function bench(): Promise<Row[]> {
  const fleet = await Fleet.open();
  const rows: Row[] = [];
  try {
    const indices = Array.from({ length: rollouts }, (_, index) => index);
    await fleet.create(indices.flatMap(routesOf));
    await fleet.begin((effects) => [rolloutReconciler(effects), readyAtOnce(effects)]);
    const made = await fleet.passesOf(() => fleet.create(indices.map((index) => rolloutOf(index, "web:v1"))));
    rows.push({ name: `${rollouts} Rollouts from nothing to healthy`, value: made.tookMs / 1000, unit: "s" });
    fleet.end();

    const { items } = await fleet.client.list<Rollout>({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" });
    const texts = indices.slice(0, 2000).map(() => 0);
    for (const index of texts.keys()) {
      const began = performance.now();
      JSON.stringify(items[index]);
      texts[index] = performance.now() - began;
    }
    const stringifyMs = texts.reduce((sum, value) => sum + value, 0) / texts.length;
    const bytesOf = async (kind: string, apiVersion: string) => {
      const { items: all } = await fleet.client.list({ apiVersion, kind });
      return all.reduce((sum, object) => sum + JSON.stringify(object).length, 0);
    };
    const json =
      (await bytesOf("Rollout", "argoproj.io/v1alpha1")) +
      (await bytesOf("ReplicaSet", "apps/v1")) +
      (await bytesOf("VirtualService", "networking.istio.io/v1")) +
      (await bytesOf("DestinationRule", "networking.istio.io/v1"));

    const before = await heldBytes();
    const look = () => fleet.passesOf(() => fleet.begin((effects) => [rolloutReconciler(effects)]));
    const looks = [await look(), await look(), await look()];
    const perPass = median(looks.map(({ cpuMs, passes }) => (cpuMs * 1000) / passes));
    rows.push({
      name: `a pass over a Rollout at rest, of ${rollouts} (CPU)`,
      value: perPass,
      unit: "us",
      peer: `JSON.stringify of it: ${(stringifyMs * 1000).toFixed(1)} us`,
      ratio: perPass / (stringifyMs * 1000),
    });
    rows.push({
      name: "a control plane's start: all looked at once",
      value: median(looks.map(({ tookMs }) => tookMs)),
      unit: "ms",
    });
    const held = (await heldBytes()) - before;
    rows.push({
      name: `memory of the loop over ${rollouts} Rollouts and what they read`,
      value: held / 2 ** 20,
      unit: "MiB",
      peer: `their JSON: ${(json / 2 ** 20).toFixed(1)} MiB`,
      ratio: held / json,
    });

    const woken = await fleet.passesOf(() => fleet.client.create(quarantine(1)));
    rows.push({ name: "Rollouts looked at when one Quarantine comes", value: woken.passes, unit: "", goal: "1" });
    await fleet.create(Array.from({ length: 1000 }, (_, index) => quarantine(rollouts + index)));
    const crowded = [await look(), await look(), await look()];
    const perCrowdedPass = median(crowded.map(({ cpuMs, passes }) => (cpuMs * 1000) / passes));
    rows.push({
      name: "a pass over a Rollout beside 1,000 Quarantines (CPU)",
      value: perCrowdedPass,
      unit: "us",
      peer: "without",
      ratio: perCrowdedPass / perPass,
    });
    await fleet.begin((effects) => [rolloutReconciler(effects), readyAtOnce(effects)]);
    rows.push(...(await measurePauses(fleet)));
  } finally {
    await fleet.stop();
  }
  return rows;
}

/** From the instant at which a pause is over to the VirtualService with the next weight. */
async function measurePauses(fleet: Fleet): Promise<Row[]> {
  const delays: number[] = [];
  let finished = 0;
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
      if (weight === 50) finished++;
    }
  })();
  const before = await timersAndCommits(200, commitsToAWeight);
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
  while (finished < released) await new Promise((resolve) => setTimeout(resolve, 100));
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
      name: "CPU meanwhile",
      value: (user + system) / 10_000 / seconds,
      unit: "% of a core",
    },
  ];
}
