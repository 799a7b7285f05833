import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Resource } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { type LocatedResource, parseManifests } from "@sluice/sources";

const fileBytesMax = 10 * 1024 * 1024;
const standardInput = "<stdin>";
const isManifest = (name: string): boolean => /\.(ya?ml|json)$/.test(name);

/** Every file behind the paths given: a file, a folder (its YAML and JSON, in order), or `-` for standard input. */
export async function readFiles(paths: readonly string[]): Promise<{ path: string; text: string }[]> {
  const files: { path: string; text: string }[] = [];
  for (const path of paths) {
    if (path === "-") files.push({ path: standardInput, text: await readStandardInput() });
    else for (const file of await expand(path)) files.push({ path: file, text: await readManifest(file) });
  }
  return files;
}

/** All resources of the paths; one invalid Fault that names every broken place. */
export async function readManifests(paths: readonly string[]): Promise<readonly LocatedResource[]> {
  const parsed = (await readFiles(paths)).map(({ path, text }) => parseManifests(path, text));
  const faults = parsed.flatMap(({ faults: found }) => found);
  if (faults.length > 0) {
    throw new Fault("invalid", faults.map(({ file, line, message }) => `${file}:${line ?? 1}: ${message}`).join("\n"));
  }
  const resources = parsed.flatMap(({ resources: found }) => found);
  if (resources.length === 0) throw new Fault("invalid", `no resource in ${paths.join(", ")}`);
  return resources;
}

export interface RehearsedFiles {
  /** As they were read. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly resources: readonly Resource[];
  /** Files of folders that hold something else, each with why it is no manifest. */
  readonly leftOut: readonly string[];
  /** Files of folders that nobody can read. */
  readonly broken: readonly string[];
}

/**
 * As `readManifests`, but a folder is a repository's, where settings and charts stand beside manifests: what isn't one is
 * left out and told. A file that is named must be one.
 */
export async function readRepository(paths: readonly string[]): Promise<RehearsedFiles> {
  const named = new Set([...paths, standardInput]);
  const resources: Resource[] = [];
  const leftOut: string[] = [];
  const broken: string[] = [];
  const files = await readFiles(paths);
  for (const { path, text } of files) {
    const parsed = parseManifests(path, text);
    for (const { file, line = 1, message, isNoManifest = false } of parsed.faults) {
      const words = `${file}:${line}: ${message}`;
      if (named.has(path)) throw new Fault("invalid", words);
      (isNoManifest ? leftOut : broken).push(words);
    }
    resources.push(...parsed.resources.map(({ resource }) => resource));
  }
  if (resources.length === 0) throw new Fault("invalid", [`no resource in ${paths.join(", ")}`, ...broken].join("\n"));
  return { files, resources, leftOut, broken };
}

async function expand(path: string): Promise<string[]> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault("invalid", cause.code === "ENOENT" ? `no file ${path}` : `can't read ${path}: ${cause.code}`);
  });
  if (!info.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  // A pipe or a socket would be waited for, a folder may be called so too.
  const isText = (entry: Dirent) => entry.isFile() || entry.isSymbolicLink();
  return entries
    .filter((entry) => isManifest(entry.name) && isText(entry))
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort()
    .filter((name) => !name.split("/").some((part) => part === "node_modules" || part.startsWith(".")))
    .map((name) => join(path, name));
}

async function readManifest(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > fileBytesMax)
    throw new Fault("invalid", `${path} has ${size} bytes; a manifest has at most ${fileBytesMax}`);
  return readFile(path, "utf8");
}

async function readStandardInput(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > fileBytesMax) throw new Fault("invalid", `standard input is over ${fileBytesMax} bytes`);
  }
  return text;
}
