import { fork } from "node:child_process";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { handOver, takeOver } from "@sluice/backends/agent";
import { Fault, toFault } from "@sluice/kernel";
import type { Router } from "@sluice/router/node";
import type { Log } from "../control-plane/log.ts";
import { program } from "../program.ts";
import { type ProcessRecord, readLiveRecord } from "../state/process-record.ts";
import type { StateFolder } from "../state/state-folder.ts";

/** Which program the agent is to be replaced by; the agent that runs doesn't know where the new one was installed. */
interface Successor {
  readonly node: string;
  readonly program: string;
}

const upgradeFile = (state: StateFolder): string => join(state.path, "agent", "successor.json");
const upgradeMillisMax = 30_000;

/** Asks the living agent to hand over to this program's; resolves with the successor's record. */
export async function upgradeAgent(state: StateFolder): Promise<ProcessRecord> {
  const before = readLiveRecord(state.agent);
  if (before === undefined) throw new Fault("unavailable", "no agent runs: sluice up starts one");
  const successor: Successor = { node: process.execPath, program: program() };
  writeFileSync(upgradeFile(state), JSON.stringify(successor), { mode: 0o600 });
  process.kill(before.pid, "SIGUSR2");
  const deadline = Date.now() + upgradeMillisMax;
  while (Date.now() < deadline) {
    const now = readLiveRecord(state.agent);
    if (now !== undefined && now.pid !== before.pid) return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Fault(
    "unavailable",
    `the agent (pid ${before.pid}) didn't hand over in ${upgradeMillisMax / 1000} s: see ${join(state.logs, "agent.log")}`,
  );
}

/** Starts the successor and gives it the router's sockets; false where it failed and everything is as before. */
export async function giveToSuccessor(
  state: StateFolder,
  router: Router,
  routerPort: number,
  log: Log,
): Promise<boolean> {
  const successor = JSON.parse(readFileSync(upgradeFile(state), "utf8")) as Successor;
  const output = openSync(join(state.logs, "agent.log"), "a", 0o600);
  const child = fork(successor.program, ["agent", "--data", state.path, "--router-port", String(routerPort)], {
    execPath: successor.node,
    execArgv: [],
    detached: true,
    stdio: ["ignore", output, output, "ipc"],
  });
  try {
    await handOver(child, Object.fromEntries(router.sockets.map(({ role, server }) => [role, server])));
  } catch (thrown) {
    log(`agent: not replaced: ${toFault(thrown).message}`);
    child.kill();
    return false;
  }
  child.disconnect();
  child.unref();
  return true;
}

/** Goes on with the predecessor's sockets, connections that came in between included. */
export async function adoptFromPredecessor(router: Router): Promise<void> {
  const predecessor = await takeOver();
  if (predecessor === undefined) return;
  const { servers, confirm } = predecessor;
  for (const [role, taken] of servers) {
    const early: unknown[] = [];
    let isFlushing = true;
    taken.attach((socket) => {
      if (isFlushing) early.push(socket);
    });
    isFlushing = false;
    router.adopt({ role, server: taken.server });
    for (const socket of early) taken.server.emit("connection", socket);
  }
  confirm();
}
