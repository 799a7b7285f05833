import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** `<state>/logs/pods/<namespace>_<name>_<uid>/<container>/<attempt>.log` */
export const podLogFolder = (stateFolder: string, namespace: string, name: string, uid: string): string =>
  join(stateFolder, "logs", "pods", `${namespace}_${name}_${uid}`);

export const logFileOf = (folder: string, container: string, attempt: number): string =>
  join(folder, container, `${attempt}.log`);

/** A part of a log that was moved out of the live file, named after where it stood there. */
export interface RotatedPart {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export const rotatedName = (liveFile: string, start: number): string =>
  join(dirname(liveFile), `${basename(liveFile, ".log")}.${String(start).padStart(15, "0")}.log`);

/** Oldest first. */
export function rotatedParts(liveFile: string): RotatedPart[] {
  const prefix = `${basename(liveFile, ".log")}.`;
  const parts: RotatedPart[] = [];
  for (const name of listFolder(dirname(liveFile))) {
    const start = name.startsWith(prefix) ? /^(\d{15})\.log$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (start === undefined) continue;
    const file = join(dirname(liveFile), name);
    const size = sizeOf(file);
    if (size !== undefined) parts.push({ file, start: Number(start), end: Number(start) + size });
  }
  return parts.sort((a, b) => a.start - b.start);
}

/** Where the live file begins to hold data: before it there is only a hole. */
export const floorOf = (parts: readonly RotatedPart[]): number => parts.at(-1)?.end ?? 0;

export function sizeOf(file: string): number | undefined {
  try {
    return statSync(file).size;
  } catch {
    return undefined;
  }
}

export function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A run of a container whose log is still there. */
export interface LoggedRun {
  readonly attempt: number;
  readonly file: string;
}

/** Oldest first; the last is the present one. */
export function listRuns(
  stateFolder: string,
  pod: { readonly namespace: string; readonly name: string; readonly uid: string },
  container: string,
): LoggedRun[] {
  // The name may come straight from a request.
  if (container.includes("/") || container.startsWith(".")) return [];
  const folder = podLogFolder(stateFolder, pod.namespace, pod.name, pod.uid);
  return listFolder(join(folder, container))
    .filter((name) => /^\d+\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
    .map((attempt) => ({ attempt, file: logFileOf(folder, container, attempt) }));
}
