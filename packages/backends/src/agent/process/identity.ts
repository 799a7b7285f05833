import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process, told from every other that ever had or will have its pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Linux: clock ticks after boot (`/proc/PID/stat`, field 22). Elsewhere: what `ps -o lstart` prints, without spaces. */
  readonly startTime: string;
  readonly bootId: string;
}

let knownBootId: string | undefined;

/** Changes with every start of the machine: a pid of an earlier boot names nothing. */
export function bootId(): string {
  knownBootId ??= readBootId();
  return knownBootId;
}

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return run("/usr/sbin/sysctl", ["-n", "kern.boottime"]).replace(/[^0-9]/g, "");
  }
}

/** Undefined where no such process lives; a zombie has ended, only its parent hasn't asked yet. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identity.bootId === bootId() && startTimeOf(identity.pid) === identity.startTime;
}

/** The line that the shim writes about a process: `pid startTime bootId`. */
export function parseIdentity(line: string): ProcessIdentity | undefined {
  const [pid, startTime, boot] = line.trim().split(" ");
  if (pid === undefined || startTime === undefined || boot === undefined || !/^[1-9]\d*$/.test(pid)) return undefined;
  return { pid: Number(pid), startTime, bootId: boot };
}

export const formatIdentity = ({ pid, startTime, bootId: boot }: ProcessIdentity): string =>
  `${pid} ${startTime} ${boot}\n`;

function startTimeOf(pid: number): string | undefined {
  if (process.platform !== "linux") return startTimeFromPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The command's name stands in parentheses and may hold anything, so count from the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    return state === "Z" || state === "X" || state === "x" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startTimeFromPs(pid: number): string | undefined {
  const [state, ...start] = run("/bin/ps", ["-o", "stat=,lstart=", "-p", String(pid)])
    .trim()
    .split(/\s+/);
  return state === undefined || state === "" || state.startsWith("Z") ? undefined : start.join("_");
}

function run(command: string, parameters: readonly string[]): string {
  try {
    return execFileSync(command, parameters, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { LC_ALL: "C" },
    });
  } catch {
    return "";
  }
}
