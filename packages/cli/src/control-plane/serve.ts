import { builtInKinds, type Client, hasReason, KindRegistry } from "@sluice/api";
import {
  createWireServer,
  firstRouteTable,
  openSqlitePersistence,
  serverIdentity,
  writeKubeconfig,
} from "@sluice/backends/embedded";
import { Fault, toFault } from "@sluice/kernel";
import { createStore, type Store } from "@sluice/store";
import { createRegistryHandler, ImageStore } from "@sluice/supply-chain";
import { upgradeAgent } from "../agent/upgrade.ts";
import { loadCredentials } from "../state/credentials.ts";
import { forgetProcess, type ProcessRecord, processStart, writeProcessRecord } from "../state/process-record.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { version } from "../version.ts";
import { AgentSupervisor } from "./agent-supervisor.ts";
import { serveConsole } from "./console.ts";
import { startControllers } from "./controllers.ts";
import { createFrontServer, listenOn } from "./front-server.ts";
import { log } from "./log.ts";
import { startMetrics } from "./metrics.ts";
import { filePodLogs } from "./pod-logs.ts";
import { realClock } from "./real-clock.ts";
import { realRandom } from "./real-random.ts";

export interface ServeOptions {
  readonly state: StateFolder;
  readonly apiPort: number;
  readonly port: number;
  readonly routerPort: number;
}

export interface Served {
  readonly record: ProcessRecord;
  /** A link to the console that works once. */
  consoleLink(): string;
  /** Ends the control plane; says what goes on running. */
  stop(): Promise<string>;
}

/** The control plane of one machine: store, wire API, controllers, metrics, console; and an agent beside it. */
export async function serve({ state, apiPort, port, routerPort }: ServeOptions): Promise<Served> {
  const credentials = await loadCredentials(state.credentials);
  const tls = await serverIdentity(state.tls, realClock.now());
  const kinds = new KindRegistry(builtInKinds());
  const store = await createStore({
    kinds,
    clock: realClock,
    random: realRandom,
    persistence: openSqlitePersistence(state.database),
    schedule: setImmediate,
    namespaces: ["default", "argocd"],
    onCondition: (condition) =>
      log(condition.is === "readOnly" ? `store: read-only: ${condition.reason}` : "store: takes writes"),
  });
  await ensureRouteTable(store.client);
  const notReady = () => readiness(store, supervisor);
  const wire = createWireServer({
    client: store.client,
    kinds,
    clock: realClock,
    tls,
    tokens: [
      { name: "admin", token: credentials.adminToken },
      { name: "agent", token: credentials.agentToken },
    ],
    podLogs: filePodLogs(state, store.client, () => realClock.now()),
    version: version(),
    notReady,
    onInternalError: (thrown) => log(`API: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown}`),
  });
  const api = await wire.listen(apiPort).catch((cause) => {
    throw portFault("--api-port", apiPort, cause);
  });
  await writeKubeconfig(state.kubeconfig, { server: api.url, authority: tls.authority, token: credentials.adminToken });
  await writeKubeconfig(state.agentKubeconfig, {
    server: api.url,
    authority: tls.authority,
    token: credentials.agentToken,
  });

  const supervisor = new AgentSupervisor({ state, routerPort, log });
  // Started before all else that takes time: traffic is what people wait for.
  await upgradeOlderAgent(supervisor, state);
  supervisor.start();
  const metrics = await startMetrics({ state, client: store.client, credentials, agent: () => supervisor.agent });
  const controllers = await startControllers({
    state,
    client: store.client,
    kinds,
    metrics,
    credentials,
    agent: () => supervisor.agent,
  });
  const { content } = new ImageStore({ folder: state.images });
  void content.sweep(realClock.now()).catch((thrown) => log(`the registry's leftovers: ${toFault(thrown).message}`));
  const registry = createRegistryHandler({
    store: content,
    username: "sluice",
    password: credentials.registryPassword,
  });
  const console = await serveConsole({
    credentials,
    api,
    authority: tls.authority,
    client: store.client,
    query: metrics.handle,
    state,
  });
  const front = createFrontServer({
    registry: (request, response) => void registry(request, response),
    hooks: controllers.handleHook,
    query: metrics.handle,
    queryToken: credentials.queryToken,
    console: console.handle,
    notReady,
  });
  const frontPort = await listenOn(front, port).catch((cause) => {
    throw portFault("--port", port, cause);
  });
  const record: ProcessRecord = {
    pid: process.pid,
    startedAt: processStart(process.pid) ?? "",
    version: version(),
    apiPort: api.port,
    port: frontPort,
    routerPort: await routerPortOf(supervisor, routerPort),
  };
  await writeProcessRecord(state.controlPlane, record);
  return {
    record,
    consoleLink: () => console.link(frontPort),
    async stop() {
      supervisor.stop();
      forgetProcess(state.controlPlane);
      front.close();
      front.closeAllConnections();
      await controllers.stop();
      await wire.close();
      await metrics.stop();
      await store.stop();
      const agent = supervisor.agent;
      return agent === undefined
        ? "The control plane has ended."
        : `The control plane has ended. Workloads and the router (agent, pid ${agent.pid}) go on; sluice down stops them.`;
    },
  };
}

async function ensureRouteTable(client: Client): Promise<void> {
  try {
    await client.create(firstRouteTable);
  } catch (thrown) {
    if (!hasReason(thrown, "AlreadyExists")) throw thrown;
  }
}

/** An agent of another version hands its sockets to one of this; where that fails, it goes on as it is. */
async function upgradeOlderAgent(supervisor: AgentSupervisor, state: StateFolder): Promise<void> {
  const { agent } = supervisor;
  if (agent === undefined || agent.version === version()) return;
  log(`replacing the agent of version ${agent.version}`);
  await upgradeAgent(state).catch((thrown) => log(toFault(thrown).message));
}

/** Ready means that a write would be accepted and traffic served. */
function readiness(store: Store, supervisor: AgentSupervisor): string | undefined {
  const condition = store.condition();
  if (condition.is === "readOnly") return `the store takes no writes: ${condition.reason}`;
  return supervisor.agent?.routerPort === undefined ? "the agent isn't up yet" : undefined;
}

/** With port 0 the agent decides; it says so in its record once it listens. */
async function routerPortOf(supervisor: AgentSupervisor, asked: number): Promise<number> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const known = supervisor.agent?.routerPort;
    if (known !== undefined) return known;
    if (Date.now() > deadline) {
      log("the agent isn't up after 15 s: see agent.log");
      return asked;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function portFault(option: string, port: number, cause: unknown): Fault {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return code === "EADDRINUSE"
    ? new Fault("unavailable", `port ${port} is taken: choose another by ${option}, or ${option} 0 for a free one`, {
        cause,
      })
    : new Fault("unavailable", `can't listen on port ${port} (${option}): ${code}`, { cause });
}
