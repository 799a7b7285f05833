// Blue-green, there and back, again and again under 1,000 requests a second through the real router.
import { join } from "node:path";
import type { Rollout } from "@sluice/api";
import { createWireClient, loadKubeconfig, type WireClient } from "@sluice/backends/client";
import { type Answer, drive } from "../test/fixtures/load.ts";
import { eventually, RunningSluice } from "../test/fixtures/sluice.ts";
import { buildWebApp, webRollout, webService } from "../test/fixtures/web-app.ts";
import { median, quantile } from "./fleet/world.ts";
import type { Row } from "./row.ts";

const host = "web.default.localhost";
const perSecond = 1000;
const switches = 10;

export async function bench(): Promise<Row[]> {
  const running = await RunningSluice.start();
  try {
    await buildWebApp(running, "web:v1");
    await running.apply(webService, { ...webService, metadata: { name: "web-preview", namespace: "default" } });
    await running.apply(rolloutOf("v1"));
    const client = createWireClient(await loadKubeconfig(join(running.data, "kubeconfig")));
    await eventually(async () => (await statusOf(client)).phase === "Healthy", "v1 to be stable", 60_000);
    await running.apply(rolloutOf("v2"));
    await eventually(async () => (await statusOf(client)).message === "BlueGreenPause", "v2 to be ready", 60_000);
    await client.close();
    return await measureSwitches(running);
  } finally {
    await running.stop();
  }
}

function rolloutOf(version: string) {
  const written = webRollout(version, []);
  const blueGreen = {
    activeService: "web",
    previewService: "web-preview",
    autoPromotionEnabled: false,
    // The old Pods stay as long as the measurement: what is measured is the switch, not the start of processes.
    scaleDownDelaySeconds: 3600,
  };
  return { ...written, spec: { ...written.spec, replicas: 2, strategy: { blueGreen } } };
}

const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace: "default", name: "web" };
const statusOf = async (client: WireClient) => (await client.get<Rollout>(key))?.status ?? {};

async function measureSwitches(running: RunningSluice): Promise<Row[]> {
  const { routerPort } = await running.controlPlane();
  const load = drive(routerPort, host, perSecond);
  const began = performance.now();
  const { answers } = load.tally;
  await eventually(async () => answers.length > 3 * perSecond, "load", 60_000);
  const calm = answers.slice(perSecond).map(tookMs);
  const overlaps: number[] = [];
  const around: number[] = [];
  for (let turn = 0; turn < switches; turn++) {
    const to = turn % 2 === 0 ? "v2" : "v1";
    const from = answers.length;
    await running.ok("rollout", turn === 0 ? "promote" : "undo", "web");
    const isAnswer = ({ version }: Answer) => version === to;
    const first = await eventually(
      async () => answers.slice(from).find(isAnswer)?.answeredAt,
      `${to} to answer`,
      60_000,
    );
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const since = answers.slice(from);
    const strays = since.filter(({ version, sentAt }) => version !== to && sentAt > first);
    overlaps.push(Math.max(0, ...strays.map(({ sentAt }) => sentAt - first)));
    around.push(...since.filter(({ answeredAt }) => Math.abs(answeredAt - first) < 250).map(tookMs));
  }
  const seconds = (performance.now() - began) / 1000;
  const { failed, requests } = await load.stop();
  return [
    { name: `failed requests in ${switches} switches there and back`, value: failed.length, unit: "", goal: "0" },
    {
      name: "requests meanwhile",
      value: requests / seconds,
      unit: "requests/s",
      peer: `of ${perSecond} asked for`,
      ratio: requests / seconds / perSecond,
    },
    {
      name: "after the first by the new version, the last sent to the old",
      value: Math.max(...overlaps),
      unit: "ms",
      goal: "0 ms: one swap",
    },
    {
      name: "a request answered within 250 ms of a switch, p99",
      value: quantile(around, 0.99),
      unit: "ms",
      peer: `long before one: ${quantile(calm, 0.99).toFixed(1)} ms`,
      ratio: quantile(around, 0.99) / quantile(calm, 0.99),
    },
    {
      name: "the same, median",
      value: median(around),
      unit: "ms",
      peer: `long before one: ${median(calm).toFixed(1)} ms`,
      ratio: median(around) / median(calm),
    },
  ];
}

const tookMs = ({ sentAt, answeredAt }: Answer): number => answeredAt - sentAt;
