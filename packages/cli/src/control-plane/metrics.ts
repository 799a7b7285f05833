import type { IncomingMessage, ServerResponse } from "node:http";
import type { Client, Pod } from "@sluice/api";
import { ResourceCache } from "@sluice/controllers";
import { instant, parseInstant, seconds } from "@sluice/kernel";
import {
  createMetricsStore,
  createQueryHandler,
  createScraper,
  type MetricsStore,
  podTarget,
  type Target,
} from "@sluice/metrics/node";
import type { Credentials } from "../state/credentials.ts";
import type { ProcessRecord } from "../state/process-record.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { realClock } from "./real-clock.ts";

export interface MetricsOptions {
  readonly state: StateFolder;
  readonly client: Client;
  readonly credentials: Credentials;
  /** The agent that lives now. */
  readonly agent: () => ProcessRecord | undefined;
}

export interface RunningMetrics {
  readonly store: MetricsStore;
  /** Prometheus' HTTP API. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  stop(): Promise<void>;
}

/** The metrics store of one machine: the router's counts each second, Pods that ask for it each five. */
export async function startMetrics({ state, client, credentials, agent }: MetricsOptions): Promise<RunningMetrics> {
  const store = await createMetricsStore({ folder: state.metrics, clock: realClock });
  const pods = new Map<string, Target>();
  const cache = new ResourceCache({ client, clock: realClock });
  cache.onChange(({ resource, isGone }) => {
    const pod = resource as Pod;
    const target = isGone ? undefined : targetOf(pod);
    if (target === undefined) pods.delete(pod.metadata.uid ?? "");
    else pods.set(pod.metadata.uid ?? "", target);
  });
  await cache.list({ apiVersion: "v1", kind: "Pod" });

  const router = (): Target[] => {
    const known = agent();
    if (known?.metricsPort === undefined) return [];
    const url = `http://127.0.0.1:${known.metricsPort}/metrics`;
    return [
      {
        job: "sluice-router",
        // A new agent counts from zero: to the metrics it is another process, to queries the same router.
        instance: "local",
        honorLabels: true,
        every: seconds(1),
        source: { is: "text", read: () => readRouter(url, credentials.agentToken) },
      },
    ];
  };
  const scraper = createScraper({ store, clock: realClock, targets: () => [...router(), ...pods.values()] });
  const handle = createQueryHandler({ store, clock: realClock, metadata: () => scraper.metadata() });
  return {
    store,
    handle,
    async stop() {
      cache.stop();
      await scraper.close();
      await store.close();
    },
  };
}

/** The router's counts, as it has them now. */
export async function readRouter(url: string, token: string): Promise<string> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(2000),
  });
  if (!response.ok) throw new Error(`the router's metrics answered ${response.status}`);
  return response.text();
}

function targetOf(pod: Pod): Target | undefined {
  const { metadata, status } = pod;
  if (status?.podIP === undefined || status.phase !== "Running") return undefined;
  const startedAt = status.startTime === undefined ? undefined : parseInstant(status.startTime);
  const mapped = mappedPorts(metadata.annotations?.["sluice.dev/ports"]);
  const found = podTarget({
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    host: mapped[0]?.host ?? status.podIP,
    annotations: metadata.annotations ?? {},
    labels: metadata.labels ?? {},
    ports: mapped,
    ...(startedAt === undefined ? {} : { startedAt: instant(startedAt) }),
  });
  return found.is === "target" ? found.target : undefined;
}

/** The agent writes where each containerPort really listens: a port, or `host:port`. */
function mappedPorts(annotation: string | undefined): { containerPort: number; mappedPort: number; host?: string }[] {
  if (annotation === undefined) return [];
  try {
    const map = JSON.parse(annotation) as Record<string, number | string>;
    return Object.entries(map).map(([containerPort, mapped]) => {
      if (typeof mapped === "number") return { containerPort: Number(containerPort), mappedPort: mapped };
      const colon = mapped.lastIndexOf(":");
      return {
        containerPort: Number(containerPort),
        mappedPort: Number(mapped.slice(colon + 1)),
        host: mapped.slice(0, colon),
      };
    });
  } catch {
    return [];
  }
}
