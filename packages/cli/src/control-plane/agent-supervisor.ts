import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { SocketKeeper } from "../agent/kept-socket.ts";
import { program } from "../program.ts";
import { type ProcessRecord, readLiveRecord } from "../state/process-record.ts";
import type { StateFolder } from "../state/state-folder.ts";

export interface AgentSupervisorOptions {
  readonly state: StateFolder;
  readonly routerPort: number;
  readonly log: (line: string) => void;
}

/** An agent that this process started is heard of at once; one that it took over is looked for. */
const lookEveryMillis = 50;
const backOffMillisMax = 10_000;
/** An agent that lived this long was well. */
const steadyMillis = 5_000;

/**
 * Keeps one agent alive beside the control plane: takes over one that runs, starts one that doesn't. The agent is a
 * process of its own that outlives the control plane, so it is looked for by its record, not as a child.
 */
export class AgentSupervisor {
  readonly #options: AgentSupervisorOptions;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #startedAt = 0;
  #starting: number | undefined;
  #routerPort: number;
  #isStopped = false;
  readonly #keeper = new SocketKeeper();

  constructor(options: AgentSupervisorOptions) {
    this.#options = options;
    this.#routerPort = options.routerPort;
  }

  /** The agent that lives now. */
  get agent(): ProcessRecord | undefined {
    return readLiveRecord(this.#options.state.agent);
  }

  start(): void {
    this.#look();
  }

  /** Stops looking; the agent goes on. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#keeper.close();
  }

  #look(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    let next = lookEveryMillis;
    const { agent } = this;
    if (agent !== undefined) {
      // The next agent listens where this one did, also where the system chose the port.
      this.#routerPort = agent.routerPort ?? this.#routerPort;
      if (performance.now() - this.#startedAt > steadyMillis) this.#failures = 0;
      this.#starting = undefined;
    } else if (this.#starting === undefined || !isAlive(this.#starting)) {
      if (this.#starting !== undefined) this.#failures++;
      next = Math.max(
        lookEveryMillis,
        Math.min(backOffMillisMax, this.#failures === 0 ? 0 : 200 * 2 ** this.#failures),
      );
      this.#spawn();
    }
    this.#timer = setTimeout(() => this.#look(), next);
  }

  #spawn(): void {
    const { state, log } = this.#options;
    const output = openSync(join(state.logs, "agent.log"), "a", 0o600);
    const child = spawn(
      process.execPath,
      [program(), "agent", "--data", state.path, "--router-port", String(this.#routerPort), "--kept"],
      {
        detached: true,
        stdio: ["ignore", output, output, "ipc"],
        cwd: state.path,
      },
    );
    closeSync(output);
    child.on("error", (cause) => log(`the agent can't be started: ${cause.message}`));
    child.on("exit", (code, signal) => {
      log(`agent ${child.pid} ended: ${signal ?? `exit code ${code}`}`);
      if (this.#failures === 0) this.#look();
    });
    this.#keeper.serve(child);
    child.unref();
    this.#starting = child.pid;
    this.#startedAt = performance.now();
    log(`agent started, pid ${child.pid}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
