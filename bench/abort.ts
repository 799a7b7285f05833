// From the answer that makes a measurement fail to the last response by the canary, through everything that runs.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Rollout } from "@sluice/api";
import { createWireClient, loadKubeconfig, type WireClient } from "@sluice/backends/client";
import { drive } from "../test/fixtures/load.ts";
import { eventually, RunningSluice } from "../test/fixtures/sluice.ts";
import { buildWebApp, webRollout, webRoutes, webService } from "../test/fixtures/web-app.ts";
import { median, quantile } from "./fleet/world.ts";
import type { Row } from "./row.ts";

const host = "web.default.localhost";
const releases = 20;

export async function bench(): Promise<Row[]> {
  const provider = await Provider.listen();
  const running = await RunningSluice.start();
  try {
    await buildWebApp(running, "web:v1");
    await running.apply(webService, ...webRoutes, template(provider.address), rolloutOf("v0"));
    const client = createWireClient(await loadKubeconfig(join(running.data, "kubeconfig")));
    await eventually(async () => (await statusOf(client)).phase === "Healthy", "v0 to be stable", 60_000);
    const rows = await measureAborts(running, client, provider);
    await client.close();
    return rows;
  } finally {
    await running.stop();
    provider.close();
  }
}

/** What the analysis asks: all is well, until a test says otherwise. */
class Provider {
  readonly address: string;
  isWell = true;
  asked = 0;
  /** When the first bad answer had been sent. */
  badAt: number | undefined;
  readonly close: () => void;

  private constructor(address: string, close: () => void) {
    this.address = address;
    this.close = close;
  }

  static async listen(): Promise<Provider> {
    const server = createServer((_request, response) => {
      provider.asked++;
      const { isWell } = provider;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ well: isWell ? 1 : 0 }), () => {
        if (!isWell) provider.badAt ??= performance.now();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const provider = new Provider(`http://127.0.0.1:${port}/`, () => {
      server.close();
      server.closeAllConnections();
    });
    return provider;
  }
}

const template = (url: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name: "well", namespace: "default" },
  spec: {
    metrics: [
      {
        name: "well",
        interval: "1s",
        count: 600,
        successCondition: "result == 1",
        provider: { web: { url, jsonPath: "{$.well}" } },
      },
    ],
  },
});

function rolloutOf(version: string) {
  const written = webRollout(version, [{ setWeight: 50 }, { analysis: { templates: [{ templateName: "well" }] } }]);
  const { canary } = written.spec.strategy;
  // Who judges is the analysis alone, and the canary's processes of ten releases don't stand beside each other.
  const annotations = { "sluice.dev/judge": "off" };
  const strategy = { canary: { ...canary, abortScaleDownDelaySeconds: 2 } };
  return {
    ...written,
    metadata: { ...written.metadata, annotations },
    spec: { ...written.spec, replicas: 1, strategy },
  };
}

const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace: "default", name: "web" };
const statusOf = async (client: WireClient) => (await client.get<Rollout>(key))?.status ?? {};

async function measureAborts(running: RunningSluice, client: WireClient, provider: Provider): Promise<Row[]> {
  const { routerPort } = await running.controlPlane();
  const load = drive(routerPort, host, 400);
  const { answers, byVersion } = load.tally;
  const delays: number[] = [];
  for (let release = 1; release <= releases; release++) {
    const version = `v${release}`;
    provider.isWell = true;
    provider.badAt = undefined;
    provider.asked = 0;
    const { template } = rolloutOf(version).spec;
    await client.patch(key, { type: "merge", value: { spec: { template } } });
    const isRouted = () => (byVersion.get(version) ?? 0) > 100 && provider.asked > 0;
    await eventually(async () => isRouted(), `${version} to answer`, 120_000);
    provider.isWell = false;
    await eventually(async () => provider.badAt !== undefined, "a measurement", 60_000);
    await eventually(async () => (await statusOf(client)).abort === true, "the abort", 60_000);
    // What was on its way comes within this time, or the figure is beyond its goal anyway.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const last = answers.findLast((answer) => answer.version === version)?.answeredAt ?? Number.NaN;
    delays.push(Math.max(0, last - (provider.badAt ?? Number.NaN)));
  }
  const took = answers.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
  const { failed } = await load.stop();
  return [
    {
      name: `failing measurement to the canary's last response, worst of ${releases}`,
      value: quantile(delays, 0.99),
      unit: "ms",
      goal: "p99 < 100 ms",
      peer: `p99 of a request: ${quantile(took, 0.99).toFixed(1)} ms`,
      ratio: quantile(delays, 0.99) / quantile(took, 0.99),
    },
    {
      name: "the same, median",
      value: median(delays),
      unit: "ms",
      peer: `median request: ${median(took).toFixed(1)} ms`,
      ratio: median(delays) / median(took),
    },
    { name: "failed requests in all of them", value: failed.length, unit: "", goal: "0" },
  ];
}
