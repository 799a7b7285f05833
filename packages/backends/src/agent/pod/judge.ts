import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import { readJson, readText, writeJson } from "../files/atomic.ts";
import { resolveInRoot } from "../files/paths.ts";
import { bootId, parseIdentity } from "../process/identity.ts";
import { noteLost, type RunState } from "../process/run-folder.ts";
import type { Ended } from "./view.ts";

export interface JudgeInput {
  readonly folder: string;
  readonly run: RunState & { readonly is: "ended" };
  readonly container: Container;
  readonly wasOutOfMemory: boolean;
  /** True where someone else listens on a port that the container declares. */
  readonly isPortTaken: () => boolean;
  readonly now: Instant;
}

const killed = 128 + 9;

/** What became of a run, in Kubernetes' words. Decided once and kept: the evidence doesn't last. */
export function judge(input: JudgeInput): Ended {
  const file = join(input.folder, "verdict.json");
  const known = readJson<Ended>(file);
  if (known !== undefined) return known;
  const ended = judgeAnew(input);
  writeJson(file, ended);
  return ended;
}

function judgeAnew({ folder, run, container, wasOutOfMemory, isPortTaken, now }: JudgeInput): Ended {
  const { record, startedAt, stop, refused } = run;
  const base = { containerId: record.containerId, startedAt, finishedAt: run.finishedAt };
  const isPlanned = stop?.because === "shutdown" ? { isPlanned: true as const } : {};
  if (refused !== undefined) return { ...base, exitCode: 128, ...refused };
  if (run.exitCode === undefined) {
    noteLost(folder, now);
    const lost = { ...base, finishedAt: now, exitCode: killed, ...isPlanned };
    if (stop !== undefined) return { ...lost, reason: "Error", message: "killed" };
    const isOfEarlierBoot = parseIdentity(readText(join(folder, "shim")) ?? "")?.bootId !== bootId();
    return isOfEarlierBoot
      ? { ...lost, isPlanned: true, reason: "ContainerStatusUnknown", message: "the machine was restarted" }
      : {
          ...lost,
          reason: "ContainerStatusUnknown",
          message: "killed from outside, together with what would have noted its exit code",
        };
  }
  if (wasOutOfMemory && run.exitCode !== 0)
    return { ...base, exitCode: run.exitCode, reason: "OOMKilled", ...isPlanned };
  const message = terminationMessage(folder, container, record.logFile, run.exitCode);
  const said = message === undefined ? {} : { message };
  if (run.exitCode === 0) return { ...base, exitCode: 0, reason: "Completed", ...said, ...isPlanned };
  if (stop === undefined && saysAddressInUse(readTail(record.logFile)) && isPortTaken()) {
    return { ...base, exitCode: run.exitCode, reason: "AddressInUse", message: "address in use: read PORT" };
  }
  return { ...base, exitCode: run.exitCode, reason: "Error", ...said, ...isPlanned };
}

const saysAddressInUse = (log: string): boolean =>
  /EADDRINUSE|address (?:is )?already in use|address in use/i.test(log);

const messageBytesMax = 4096;

function terminationMessage(
  folder: string,
  container: Container,
  logFile: string,
  exitCode: number,
): string | undefined {
  const path = container.terminationMessagePath ?? "/dev/termination-log";
  const file = resolveInRoot(join(folder, "root"), path);
  const written = file === undefined ? "" : readTail(file, messageBytesMax).trim();
  if (written !== "") return written;
  if (exitCode === 0 || container.terminationMessagePolicy !== "FallbackToLogsOnError") return undefined;
  const tail = readTail(logFile, messageBytesMax).trim();
  return tail === "" ? undefined : tail;
}

function readTail(file: string, bytes = 8192): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const { size } = statSync(file);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, read).toString("utf8").replaceAll("\0", "");
  } finally {
    closeSync(descriptor);
  }
}
