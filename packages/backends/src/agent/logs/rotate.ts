import { spawn } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { floorOf, rotatedName, rotatedParts, sizeOf } from "./layout.ts";

export interface RotationLimits {
  readonly partBytes: number;
  /** Kept beside the live file. */
  readonly parts: number;
}

/** 10 MiB, five files with the live one. */
export const defaultLimits: RotationLimits = { partBytes: 10 * 1024 * 1024, parts: 4 };

/**
 * Moves what is old out of a log that a program holds open, and loses nothing: the program appends on at the same
 * offset, the part is copied, and only what was copied becomes a hole. Copying and truncating would lose whatever is
 * written in between. Safe to repeat after a crash at any point: the parts' names say what was copied.
 */
export async function rotate(liveFile: string, limits: RotationLimits, group?: number): Promise<boolean> {
  const parts = rotatedParts(liveFile);
  let floor = floorOf(parts);
  const size = sizeOf(liveFile);
  if (size === undefined || size - floor < limits.partBytes) return false;
  while (size - floor >= limits.partBytes) {
    const part = rotatedName(liveFile, floor);
    const end = floor + limits.partBytes;
    await pipeline(
      createReadStream(liveFile, { start: floor, end: end - 1 }),
      createWriteStream(`${part}.tmp`, { mode: 0o600 }),
    );
    await rename(`${part}.tmp`, part);
    parts.push({ file: part, start: floor, end });
    floor = end;
  }
  await makeHole(liveFile, floor, group);
  for (const old of parts.slice(0, Math.max(0, parts.length - limits.parts))) await rm(old.file, { force: true });
  return true;
}

/** Gives the blocks of [0, end) back. The file keeps its length, so appending goes on where it was. */
async function makeHole(file: string, end: number, group: number | undefined): Promise<void> {
  if (await succeeds("fallocate", ["-p", "-o", "0", "-l", String(end), file])) return;
  if (group !== undefined) await succeeds("/bin/sh", ["-c", holeByTruncating, "sh", file, String(end), String(group)]);
}

/**
 * Where the system punches no holes (macOS): with the writers held, the rest is set aside, the file is cut, grown to
 * its old length as a hole, and the rest put back. A shell of its own, so that no death of ours leaves them held.
 */
const holeByTruncating = `
trap : HUP INT TERM
kill -s STOP -- "-$3"
tail -c +"$(($2 + 1))" "$1" > "$1.rest" && : > "$1" && dd if=/dev/null of="$1" bs=1 seek="$2" count=0 2> /dev/null && cat "$1.rest" >> "$1"
kill -s CONT -- "-$3"
rm -f "$1.rest"
`;

function succeeds(command: string, parameters: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

export { holeByTruncating };
