import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Instant } from "@sluice/kernel";
import { instant } from "@sluice/kernel";
import { readJson, readText, writeJson, writeWhole } from "../files/atomic.ts";
import { isAlive, type ProcessIdentity, parseIdentity } from "./identity.ts";
import { isShellName, type Launch, launchText } from "./shim.ts";

/** What was decided about a run before it was started. One start of one container. */
export interface RunRecord {
  readonly containerId: string;
  readonly attempt: number;
  readonly createdAt: Instant;
  /** The wait before this run; the next one doubles it. */
  readonly backoffMillis: number;
  readonly image: string;
  readonly imageId: string;
  readonly logFile: string;
  /** Where its program starts, and what is run beside it. */
  readonly workingFolder: string;
  readonly cgroups: readonly string[];
}

/** Why and until when a run is being stopped. */
export interface StopRecord {
  readonly because: string;
  readonly at: Instant;
  /** SIGKILL then. */
  readonly killAt: Instant;
  /** Absent until SIGTERM was sent. */
  readonly signalledAt?: Instant;
}

export type RunState =
  /** Recorded; no shim has taken it yet, or it hasn't said who its main process is. */
  | { readonly is: "starting"; readonly record: RunRecord; readonly shim?: ProcessIdentity }
  | {
      readonly is: "running";
      readonly record: RunRecord;
      readonly shim: ProcessIdentity;
      readonly main: ProcessIdentity;
      readonly startedAt: Instant;
      readonly stop?: StopRecord;
    }
  | {
      readonly is: "ended";
      readonly record: RunRecord;
      /** Undefined where the shim was killed with its program. */
      readonly exitCode: number | undefined;
      readonly startedAt: Instant;
      readonly finishedAt: Instant;
      readonly stop?: StopRecord;
      /** Why it never became a process. */
      readonly refused?: Refusal;
    };

export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

export interface StartOrder {
  readonly record: RunRecord;
  readonly launch: Omit<Launch, "oddlyNamed" | "cgroups">;
  readonly environment: Readonly<Record<string, string>>;
}

/** Writes all that a shim needs. Until `startRun`, nothing runs. */
export function prepareRun(folder: string, { record, launch, environment }: StartOrder): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const oddlyNamed = Object.fromEntries(Object.entries(environment).filter(([name]) => !isShellName(name)));
  writeWhole(join(folder, "launch"), launchText(folder, { ...launch, oddlyNamed, cgroups: record.cgroups }));
  writeJson(join(folder, "environment.json"), environment);
  writeJson(join(folder, "run.json"), record); // last: with it the run exists
}

/** Records a run that can't become a process, so that it counts, backs off and shows like any other. */
export function recordRefusedRun(folder: string, record: RunRecord, refusal: Refusal, at: Instant): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeJson(join(folder, "refused.json"), { ...refusal, at });
  writeJson(join(folder, "run.json"), record);
}

/**
 * Starts the shim of a prepared run. Safe to repeat: the shims settle among themselves which one runs it.
 * `onExit` is a hint only; a successor of this agent never gets it.
 */
export function startRun(folder: string, shimFile: string, noticeFile: string, onExit: () => void): void {
  const record = readJson<RunRecord>(join(folder, "run.json"));
  const environment = runEnvironment(folder);
  if (record === undefined || environment === undefined) return;
  const log = openSync(record.logFile, "a", 0o600);
  try {
    const shim = spawn("/bin/sh", [shimFile, folder, noticeFile], {
      detached: true,
      cwd: folder,
      env: Object.fromEntries(Object.entries(environment).filter(([name]) => isShellName(name))),
      stdio: ["ignore", log, log],
    });
    shim.once("error", onExit);
    shim.once("exit", onExit);
    shim.unref();
  } finally {
    closeSync(log);
  }
}

export const runEnvironment = (folder: string): Record<string, string> | undefined =>
  readJson<Record<string, string>>(join(folder, "environment.json"));

/** What the disk and the process table say; undefined where nothing was recorded. */
export function readRun(folder: string): RunState | undefined {
  const record = readJson<RunRecord>(join(folder, "run.json"));
  if (record === undefined) return undefined;
  const refused = readJson<Refusal & { readonly at: Instant }>(join(folder, "refused.json"));
  if (refused !== undefined) {
    const { at, ...refusal } = refused;
    return { is: "ended", record, exitCode: 128, startedAt: at, finishedAt: at, refused: refusal };
  }
  const stop = readJson<StopRecord>(join(folder, "stop.json"));
  // Read who lives before reading who ended: the other way round, an end in between would look like a lost shim.
  const shim = parseIdentity(readText(join(folder, "shim")) ?? "");
  const main = parseIdentity(readText(join(folder, "main")) ?? "");
  const isShimAlive = shim !== undefined && isAlive(shim);
  const isMainAlive = main !== undefined && isAlive(main);
  const startedAt = writtenAt(join(folder, "main")) ?? record.createdAt;
  const stopping = stop === undefined ? {} : { stop };
  const exit = readText(join(folder, "exit"));
  if (exit !== undefined) {
    const finishedAt = writtenAt(join(folder, "exit")) ?? startedAt;
    return { is: "ended", record, exitCode: Number(exit.trim()), startedAt, finishedAt, ...stopping };
  }
  if (shim === undefined) return { is: "starting", record };
  if (main !== undefined && isMainAlive) return { is: "running", record, shim, main, startedAt, ...stopping };
  if (isShimAlive) {
    return main === undefined
      ? { is: "starting", record, shim }
      : { is: "running", record, shim, main, startedAt, ...stopping };
  }
  const lost = readJson<{ readonly at: Instant }>(join(folder, "lost.json"));
  const finishedAt = lost?.at ?? startedAt;
  return { is: "ended", record, exitCode: undefined, startedAt, finishedAt, ...stopping };
}

/** Notes when a run was first seen gone without a word, so that its end doesn't move. */
export function noteLost(folder: string, at: Instant): void {
  const file = join(folder, "lost.json");
  if (readText(file) === undefined) writeJson(file, { at });
}

export const recordStop = (folder: string, stop: StopRecord): void => writeJson(join(folder, "stop.json"), stop);

/** Numbers of the recorded attempts, ascending. */
export function attemptsOf(containerFolder: string): number[] {
  let names: string[];
  try {
    names = readdirSync(containerFolder);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function writtenAt(file: string): Instant | undefined {
  try {
    return instant(Math.round(statSync(file).mtimeMs));
  } catch {
    return undefined;
  }
}
