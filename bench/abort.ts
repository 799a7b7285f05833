// From the answer that makes a measurement fail to the last response by the canary, through everything that runs.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
    await eventually(async () => (await statusOf(running)).phase === "Healthy", "v0 to be stable", 60_000);
    return await measureAborts(running, provider);
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

interface Status {
  readonly phase?: string;
  readonly abort?: boolean;
}
const statusOf = async (running: RunningSluice): Promise<Status> =>
  (await running.json<{ rollout: { status?: Status } }>("rollout", "get", "web")).rollout.status ?? {};

async function measureAborts(running: RunningSluice, provider: Provider): Promise<Row[]> {
  const { routerPort } = await running.controlPlane();
  const load = drive(routerPort, host, 400);
  const { answers, byVersion } = load.tally;
  const delays: number[] = [];
  for (let release = 1; release <= releases; release++) {
    const version = `v${release}`;
    provider.isWell = true;
    provider.badAt = undefined;
    provider.asked = 0;
    await running.apply(rolloutOf(version));
    await eventually(async () => (byVersion.get(version) ?? 0) > 100 && provider.asked > 0, `${version} to answer`);
    provider.isWell = false;
    await eventually(async () => provider.badAt !== undefined, "a measurement");
    await eventually(async () => (await statusOf(running)).abort === true, "the abort");
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
