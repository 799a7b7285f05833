import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { formatIdentity, identify, isAlive, type ProcessIdentity } from "./identity.ts";
import type { RunState } from "./run-folder.ts";

/** The variable by which processes that left their group are found again. */
export const containerVariable = "SLUICE_CONTAINER";

/** To the main process alone, as a container's first process gets it. */
export function signalMain(run: RunState & { readonly is: "running" }, signal: NodeJS.Signals): void {
  if (isAlive(run.main)) send(run.main.pid, signal);
}

/**
 * The main process, so that the shim still writes its code and sweeps the group. Where the shim is gone, its number
 * may be another's by now: then whatever carries the container's mark.
 */
export function killRun(run: RunState & { readonly is: "running" }): void {
  if (isAlive(run.main)) send(run.main.pid, "SIGKILL");
  if (!isAlive(run.shim)) void sweepLeftovers(run.record.containerId);
}

/** The whole group of a shim that has no main process yet, or won't end. */
export function killGroup(shim: ProcessIdentity): void {
  if (isAlive(shim)) send(-shim.pid, "SIGKILL");
}

/** Takes the lock of a run that no shim took yet, so that a late one gives up. False where a shim was faster. */
export function forestall(folder: string): boolean {
  const own = identify(process.pid);
  if (own === undefined) return false;
  const mine = join(folder, `forestalled.${process.pid}`);
  writeFileSync(mine, formatIdentity({ ...own, startTime: "forestalled" }), { mode: 0o600 });
  try {
    linkSync(mine, join(folder, "shim"));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Requests are routed in between: the table of a whole machine would keep them waiting. */
const lookedAtOnce = 8;

/** Kills what a container left behind outside its group (a daemon of its own session). Linux only; best effort. */
export async function sweepLeftovers(containerId: string): Promise<number> {
  if (process.platform !== "linux") return 0;
  const mark = `${containerVariable}=${containerId}`;
  let swept = 0;
  let looked = 0;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    if (++looked % lookedAtOnce === 0) await setImmediate();
    try {
      if (!readFileSync(`/proc/${entry}/environ`, "latin1").split("\0").includes(mark)) continue;
      send(Number(entry), "SIGKILL");
      swept++;
    } catch {
      // It ended meanwhile, or belongs to somebody else.
    }
  }
  return swept;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}
