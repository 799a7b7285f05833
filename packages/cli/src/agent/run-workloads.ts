import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { notEnforcedFields } from "@sluice/api";
import { type Agent, createAgent, type EndpointState as PodEndpoint } from "@sluice/backends/agent";
import { type Millis, seconds, toFault } from "@sluice/kernel";
import { type EndpointState, serviceAddress } from "@sluice/router";
import type { Router } from "@sluice/router/node";
import { log } from "../control-plane/log.ts";
import { realClock } from "../control-plane/real-clock.ts";
import { loadCredentials } from "../state/credentials.ts";
import { forgetProcess, processStart, readLiveRecord, writeProcessRecord } from "../state/process-record.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { version } from "../version.ts";
import { followRoutes } from "./follow-routes.ts";
import { agentImages } from "./image-source.ts";
import { reloadingClient } from "./reloading-client.ts";
import { giveToSuccessor } from "./upgrade.ts";

const drainMillis: Millis = seconds(10);
/** How long the predecessor's requests may still take after the sockets are the successor's. */
const graceful: Millis = seconds(30);
const lockMillisMax = 15_000;

/** All of an agent but the router, which serves already: workloads, the table's changes, the counts, and the end. */
export async function runWorkloads(
  state: StateFolder,
  router: Router,
  port: number,
  { bindsPrivilegedPorts }: { readonly bindsPrivilegedPorts: boolean },
): Promise<void> {
  const client = await reloadingClient(state.agentKubeconfig);
  const agent = createAgent({
    client,
    stateFolder: state.path,
    images: agentImages(state.images),
    clock: realClock,
    router: { drain: async (podUid, timeout, isEnd) => void (await router.drain(podUid, timeout, isEnd)) },
    drainMillis,
    notEnforced: (pod) => notEnforcedFields(pod.spec),
    serviceAddress({ metadata, spec }, servicePort) {
      if (spec.clusterIP === "None") return undefined;
      const { namespace = "default", name } = metadata;
      return serviceAddress({ namespace, name, clusterIP: spec.clusterIP }, servicePort, { bindsPrivilegedPorts });
    },
    version: version(),
    log: (level, message, fields) =>
      log(`agent ${level}: ${message}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`),
  });
  agent.onEndpointsChanged((endpoints) => router.overlay(overlayOf(endpoints)));
  await startWhenFree(agent);
  router.overlay(overlayOf(agent.endpoints()));
  const { agentToken } = await loadCredentials(state.credentials);
  const metricsPort = await serveMetrics(agentToken, () => router.metricsText() + agent.metricsText());
  const stopRoutes = followRoutes({ client, apply: (table) => router.apply(table), file: state.routeTable, log });
  await writeProcessRecord(state.agent, {
    pid: process.pid,
    startedAt: processStart(process.pid) ?? "",
    version: version(),
    routerPort: port,
    metricsPort,
  });
  log(`agent ${version()} is up: routes on port ${port}`);

  let isEnding = false;
  const end = (how: () => Promise<void>) => {
    if (isEnding) return;
    isEnding = true;
    void how()
      .catch((thrown) => log(`agent: ${toFault(thrown).message}`))
      .then(async () => {
        stopRoutes();
        await router.close();
        forgetProcess(state.agent);
        process.exit(0);
      });
  };
  process.on("SIGUSR2", () => {
    if (isEnding) return;
    isEnding = true;
    void giveToSuccessor(state, router, port, log).then(async (isGiven) => {
      isEnding = isGiven;
      if (!isGiven) return;
      // Workloads run on; the successor waits for the lock that this releases.
      await agent.stop();
      stopRoutes();
      // Not before the successor's record stands: without one another agent would be started.
      await Promise.all([router.close({ graceful }), untilReplaced(state)]);
      process.exit(0);
    });
  });
  // An interrupt means the whole machine's Sluice goes (`sluice down`); a termination, only this process.
  process.on("SIGINT", () => end(() => agent.shutdown()));
  process.on("SIGTERM", () => end(() => agent.stop()));
}

/** A predecessor lets go of the workloads only after its sockets are taken. */
async function startWhenFree(agent: Agent): Promise<void> {
  const deadline = Date.now() + lockMillisMax;
  for (;;) {
    try {
      return await agent.start();
    } catch (thrown) {
      if (toFault(thrown).kind !== "conflict" || Date.now() > deadline) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function untilReplaced(state: StateFolder): Promise<void> {
  const deadline = Date.now() + lockMillisMax;
  while (readLiveRecord(state.agent)?.pid === process.pid && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

function overlayOf(endpoints: readonly PodEndpoint[]): ReadonlyMap<string, EndpointState> {
  return new Map(
    endpoints.map(({ uid, isReady, isTerminating }) => [
      uid,
      isTerminating ? "terminating" : isReady ? "ready" : "notReady",
    ]),
  );
}

/** What the router counted, for the control plane alone. */
async function serveMetrics(token: string, text: () => string): Promise<number> {
  const server = createServer((request, response) => {
    const isAllowed = request.url === "/metrics" && request.headers.authorization === `Bearer ${token}`;
    response.writeHead(isAllowed ? 200 : 403, { "content-type": "text/plain; version=0.0.4" });
    response.end(isAllowed ? text() : "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
