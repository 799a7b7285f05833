import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import type { Container } from "@sluice/api";
import { resolveInRoot } from "../files/paths.ts";
import type { OciConfig } from "../image-store.ts";
import type { Refusal } from "../process/run-folder.ts";
import { expand } from "./expand.ts";

/**
 * What to run, by Kubernetes' table: `command` replaces the image's entrypoint and its command, `args` only the command.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
 */
export function commandWords(
  container: Container,
  image: OciConfig,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const lookUp = (name: string) => variables[name];
  const command = container.command?.map((word) => expand(word, lookUp));
  const parameters = container.args?.map((word) => expand(word, lookUp));
  if (command !== undefined && command.length > 0) return [...command, ...(parameters ?? [])];
  const entrypoint = image.Entrypoint ?? [];
  return parameters !== undefined && parameters.length > 0
    ? [...entrypoint, ...parameters]
    : [...entrypoint, ...(image.Cmd ?? [])];
}

export interface ProgramPlace {
  readonly root: string;
  readonly workingFolder: string;
  readonly path: string;
  /** The Node that runs Sluice. */
  readonly node: string;
}

export type ProgramResult = { readonly is: "found"; readonly file: string } | ({ readonly is: "refused" } & Refusal);

/**
 * The file to execute. Under the Pod's root first, then this machine's: a manifest's `/bin/sh` is the machine's where
 * the image brings none. `node` is always the Node that runs Sluice.
 */
export function findProgram(word: string, place: ProgramPlace): ProgramResult {
  if (basename(word) === "node" && !isOwnFile(word, place)) return { is: "found", file: place.node };
  const candidates = isAbsolute(word)
    ? [resolveInRoot(place.root, word), word]
    : word.includes("/")
      ? [join(place.workingFolder, word)]
      : place.path
          .split(":")
          .filter(isAbsolute)
          .map((folder) => join(folder, word));
  const present = candidates.filter((file): file is string => file !== undefined && isFile(file));
  const file = present.find(isExecutable);
  if (file !== undefined) return checkLoader(file, word);
  const problem =
    present.length > 0
      ? "permission denied"
      : word.includes("/")
        ? `stat ${word}: no such file or directory`
        : "executable file not found in $PATH";
  return { is: "refused", reason: "StartError", message: `exec: "${word}": ${problem}` };
}

/** A path with a folder in it, to a file of the image: that one is meant. */
const isOwnFile = (word: string, { workingFolder }: ProgramPlace): boolean =>
  word.includes("/") && !isAbsolute(word) && isFile(join(workingFolder, word));

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Says before the kernel's bare "not found" why a program of an image can't be a process here. */
function checkLoader(file: string, word: string): ProgramResult {
  const head = readHead(file, 4096);
  if (head.length >= 64 && head.readUInt32BE(0) === 0x7f454c46) {
    const needed = head[4] === 2 && head[5] === 1 ? interpreterOf(head) : undefined;
    if (needed !== undefined && !isFile(needed)) {
      const message = `exec: "${word}": needs ${needed}, which this machine hasn't: the image is made for another system`;
      return { is: "refused", reason: "ImageNotRunnable", message };
    }
    if (process.platform !== "linux") {
      return {
        is: "refused",
        reason: "ImageNotRunnable",
        message: `exec: "${word}": a Linux program on ${process.platform}`,
      };
    }
  }
  const shebang = /^#!\s*(\S+)/.exec(head.toString("latin1"))?.[1];
  if (shebang !== undefined && !isFile(shebang)) {
    const message = `exec: "${word}": its first line asks for ${shebang}, which this machine hasn't`;
    return { is: "refused", reason: "StartError", message };
  }
  return { is: "found", file };
}

/** PT_INTERP of a 64-bit little-endian ELF, where it lies in the first bytes. */
function interpreterOf(head: Buffer): string | undefined {
  const table = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  for (let index = 0; index < count; index++) {
    const entry = table + index * size;
    if (entry + 40 > head.length) return undefined;
    if (head.readUInt32LE(entry) !== 3) continue;
    const start = Number(head.readBigUInt64LE(entry + 8));
    const length = Number(head.readBigUInt64LE(entry + 32));
    if (start + length > head.length) return undefined;
    return head.toString("latin1", start, start + length).replace(/\0.*$/, "");
  }
  return undefined;
}

function readHead(file: string, length: number): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, length, 0));
  } finally {
    closeSync(descriptor);
  }
}
