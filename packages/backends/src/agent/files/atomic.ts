import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Whole or not at all, for whoever reads at any instant. Survives the death of this process, not of the machine: */
/** with the machine every process dies, and the boot id says so. */
export function writeWhole(file: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, file);
}

export const writeJson = (file: string, value: unknown): void => writeWhole(file, `${JSON.stringify(value)}\n`);

/** Undefined where the file isn't there, or isn't JSON. */
export function readJson<Value>(file: string): Value | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}

export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
