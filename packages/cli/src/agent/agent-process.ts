import { toFault } from "@sluice/kernel";
import { createRouter, loadTable } from "@sluice/router/node";
import { log } from "../control-plane/log.ts";
import { realClock } from "../control-plane/real-clock.ts";
import { stateFolder } from "../state/state-folder.ts";
import { adoptKept, giveToKeeper } from "./kept-socket.ts";
import { bindsPrivilegedPorts } from "./privileged-ports.ts";

/**
 * The body of `sluice agent`: runs workloads and hosts the router; outlives the control plane. The router comes first,
 * by the table of last time, and what else an agent is made of is loaded behind it: users wait for the router alone.
 */
export async function runAgentProcess(options: {
  readonly data: string;
  readonly routerPort?: string;
  /** Started by a control plane that keeps the router's socket. */
  readonly kept?: boolean;
}): Promise<void> {
  const state = stateFolder(options.data);
  const rights = { bindsPrivilegedPorts: await bindsPrivilegedPorts() };
  const router = createRouter({
    clock: realClock,
    listensOnServices: true,
    ...rights,
    log: (_level, message) => log(`router: ${message}`),
  });
  const stored = await loadTable(state.routeTable);
  if (stored !== undefined) router.apply(stored);
  const isKept = options.kept === true && (await adoptKept(router));
  if (options.kept !== true && process.send !== undefined) {
    const { adoptFromPredecessor } = await import("./upgrade.ts");
    await adoptFromPredecessor(router);
  }
  const { port } = await router.listen({ host: "127.0.0.1", port: Number(options.routerPort ?? 7080) });
  if (options.kept === true && !isKept) giveToKeeper(router);
  try {
    const { runWorkloads } = await import("./run-workloads.ts");
    await runWorkloads(state, router, port, rights);
  } catch (thrown) {
    log(`agent: ${toFault(thrown).message}`);
    // Half an agent, a router whose workloads nobody tends, would never be replaced.
    process.exit(1);
  }
}
