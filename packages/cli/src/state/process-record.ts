import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";

/** Says which process serves a state folder. A pid alone lies: it is reused after a reboot or soon after an end. */
export interface ProcessRecord {
  readonly pid: number;
  /** As the system tells it; two processes never share pid and start. */
  readonly startedAt: string;
  readonly version: string;
  readonly apiPort?: number;
  readonly port?: number;
  readonly routerPort?: number;
  /** Of the agent: where it tells the router's counts. */
  readonly metricsPort?: number;
}

export async function writeProcessRecord(path: string, record: ProcessRecord): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The record of a process that still lives; undefined otherwise. */
export function readLiveRecord(path: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path, "utf8")) as ProcessRecord;
    return processStart(record.pid) === record.startedAt ? record : undefined;
  } catch {
    return undefined;
  }
}

export const forgetProcess = (path: string): void => rmSync(path, { force: true });

/** When a process began, in the system's own words; undefined where it is gone or a zombie. */
export function processStart(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The name in brackets may hold spaces and brackets itself.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? undefined : `${bootId()}:${fields[19]}`;
    }
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return started === "" ? undefined : started;
  } catch {
    return undefined;
  }
}

let boot: string | undefined;

function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}
