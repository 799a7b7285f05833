import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export interface PayloadFile {
  readonly content: Uint8Array;
  readonly mode: number;
}

/** Files of a volume by their path below it. */
export type Payload = ReadonlyMap<string, PayloadFile>;

/**
 * Kubernetes' atomic writer: the files lie in a folder of their own, `..data` points to it, and what people see are
 * links through `..data`. Swapping that one link changes all files at one instant. True where something changed.
 */
export function writePayload(folder: string, payload: Payload): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const version = `..${digestOf(payload)}`;
  const data = join(folder, "..data");
  const before = tryReadLink(data);
  if (before === version) return false;
  const target = join(folder, version);
  rmSync(target, { recursive: true, force: true });
  for (const [path, { content, mode }] of payload) {
    const file = join(target, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, content, { mode });
  }
  mkdirSync(target, { recursive: true, mode: 0o755 });
  const temporary = join(folder, "..data_tmp");
  rmSync(temporary, { force: true });
  symlinkSync(version, temporary);
  renameSync(temporary, data);
  const tops = new Set([...payload.keys()].map((path) => path.split("/")[0] as string));
  for (const top of tops)
    if (tryReadLink(join(folder, top)) === undefined) symlinkSync(join("..data", top), join(folder, top));
  for (const name of readdirSync(folder)) {
    const isStale = name.startsWith("..") ? name !== "..data" && name !== version : !tops.has(name);
    if (isStale) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return true;
}

function digestOf(payload: Payload): string {
  const hash = createHash("sha256");
  for (const [path, { content, mode }] of [...payload].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path}\0${mode}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 20);
}

function tryReadLink(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
