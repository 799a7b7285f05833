import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { program } from "../program.ts";
import { type ProcessRecord, readLiveRecord } from "../state/process-record.ts";
import type { StateFolder } from "../state/state-folder.ts";

export interface AgentSupervisorOptions {
  readonly state: StateFolder;
  readonly routerPort: number;
  readonly log: (line: string) => void;
}

const lookEveryMillis = 200;
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

  constructor(options: AgentSupervisorOptions) {
    this.#options = options;
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
    clearTimeout(this.#timer);
  }

  #look(): void {
    let next = lookEveryMillis;
    if (this.agent !== undefined) {
      if (Date.now() - this.#startedAt > steadyMillis) this.#failures = 0;
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
    const { state, routerPort, log } = this.#options;
    const output = openSync(join(state.logs, "agent.log"), "a", 0o600);
    const child = spawn(
      process.execPath,
      [program(), "agent", "--data", state.path, "--router-port", String(routerPort)],
      {
        detached: true,
        stdio: ["ignore", output, output],
        cwd: state.path,
      },
    );
    child.on("error", (cause) => log(`the agent can't be started: ${cause.message}`));
    child.unref();
    this.#starting = child.pid;
    this.#startedAt = Date.now();
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
