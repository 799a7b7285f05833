import { rmSync } from "node:fs";
import { hasLiveRuns } from "@sluice/backends/agent";
import { locateState } from "../connection.ts";
import { AgentSupervisor } from "../control-plane/agent-supervisor.ts";
import { forgetProcess, type ProcessRecord, processStart, readLiveRecord } from "../state/process-record.ts";
import type { StateFolder } from "../state/state-folder.ts";

const stopMillisMax = 60_000;
const agentMillisMax = 10_000;

/** `sluice down`: workloads first, as each asks for by its grace period, then agent and control plane. */
export async function down(options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const state = locateState(options.data);
  const stopped: string[] = [];
  const controlPlane = readLiveRecord(state.controlPlane);
  if (controlPlane !== undefined) {
    await end(controlPlane, "SIGTERM");
    stopped.push(`control plane (pid ${controlPlane.pid})`);
  }
  forgetProcess(state.controlPlane);
  const agent = readLiveRecord(state.agent) ?? (await agentForOrphans(state));
  if (agent !== undefined) {
    // SIGINT asks the agent to stop its workloads too; SIGTERM would leave them running.
    await end(agent, "SIGINT");
    stopped.push(`agent and its workloads (pid ${agent.pid})`);
  }
  rmSync(state.agent, { force: true });
  if (options.json) console.log(JSON.stringify({ stopped }));
  else console.log(stopped.length === 0 ? `Nothing runs on ${state.path}.` : `Stopped: ${stopped.join(", ")}.`);
}

/** Workloads may live on after their agent was killed: only an agent knows how to take them over and stop them. */
async function agentForOrphans(state: StateFolder): Promise<ProcessRecord | undefined> {
  if (!hasLiveRuns(state.path)) return undefined;
  const supervisor = new AgentSupervisor({ state, routerPort: 0, log: () => {} });
  supervisor.start();
  const deadline = Date.now() + agentMillisMax;
  while (supervisor.agent === undefined && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  supervisor.stop();
  return supervisor.agent;
}

async function end({ pid, startedAt }: ProcessRecord, signal: NodeJS.Signals): Promise<void> {
  try {
    process.kill(pid, signal);
  } catch {
    return;
  }
  const deadline = Date.now() + stopMillisMax;
  while (processStart(pid) === startedAt) {
    if (Date.now() > deadline) {
      process.kill(pid, "SIGKILL");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
