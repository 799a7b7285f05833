import { rmSync } from "node:fs";
import { locateState } from "../connection.ts";
import { forgetProcess, processStart, type ProcessRecord, readLiveRecord } from "../state/process-record.ts";

const stopMillisMax = 60_000;

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
  const agent = readLiveRecord(state.agent);
  if (agent !== undefined) {
    // SIGINT asks the agent to stop its workloads too; SIGTERM would leave them running.
    await end(agent, "SIGINT");
    stopped.push(`agent and its workloads (pid ${agent.pid})`);
  } else {
    const { stopWorkloads } = await import("../agent/stop-workloads.ts");
    const count = await stopWorkloads(state);
    if (count > 0) stopped.push(`${count} workloads that no agent watched`);
  }
  rmSync(state.agent, { force: true });
  if (options.json) console.log(JSON.stringify({ stopped }));
  else console.log(stopped.length === 0 ? `Nothing runs on ${state.path}.` : `Stopped: ${stopped.join(", ")}.`);
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
