import { Fault } from "@sluice/kernel";
import { LeastRecentlyUsed } from "../git/lru.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { parseTree, type TreeEntry } from "../git/objects.ts";
import { compileGlob } from "./glob.ts";
import type { ManifestFault } from "./parse-manifests.ts";

/** Argo CD's `source.directory`. */
export interface DirectoryOptions {
  readonly recurse?: boolean;
  readonly include?: string;
  readonly exclude?: string;
}

export interface SelectedFile {
  /** From the root of the repository. */
  readonly file: string;
  readonly oid: string;
}

const entriesMax = 50_000;
const depthMax = 64;

/** Trees by their id, which says what is in them: shared by every repository and commit. */
export type TreeCache = LeastRecentlyUsed<readonly TreeEntry[]>;

export class TreeReader {
  readonly #reader: ObjectReader;
  readonly #known: TreeCache;

  constructor(reader: ObjectReader, known: TreeCache = new LeastRecentlyUsed(10_000)) {
    this.#reader = reader;
    this.#known = known;
  }

  async entries(oid: string): Promise<readonly TreeEntry[]> {
    const known = this.#known.get(oid);
    if (known !== undefined) return known;
    const entries = parseTree(await this.#reader.read(oid), oid.length / 2);
    this.#known.set(oid, entries, entries.length + 1);
    return entries;
  }

  async find(root: string, segments: readonly string[]): Promise<TreeEntry | undefined> {
    let entry: TreeEntry = { name: "", is: "folder", mode: "40000", oid: root };
    for (const segment of segments) {
      if (entry.is !== "folder") return undefined;
      const next = (await this.entries(entry.oid)).find(({ name }) => name === segment);
      if (next === undefined) return undefined;
      entry = next;
    }
    return entry;
  }
}

/** The segments of an Application's `source.path`. */
export function pathSegments(path: string): readonly string[] {
  if (path.startsWith("/")) throw refusedPath(path, "a path relative to the root of the repository");
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..") || path.includes("\0")) throw refusedPath(path, "a path without `..`");
  return segments;
}

/** Which files of an Application's folder are manifests, sorted; what looks like one but can't be read is a fault. */
export async function selectFiles(
  trees: TreeReader,
  reader: ObjectReader,
  root: string,
  path: string,
  { recurse = false, include, exclude }: DirectoryOptions,
): Promise<{ readonly files: readonly SelectedFile[]; readonly faults: readonly ManifestFault[] }> {
  const base = pathSegments(path);
  const folder = await trees.find(root, base);
  if (folder === undefined) throw refusedPath(path, "a folder of the repository at this revision");
  if (folder.is !== "folder") throw refusedPath(path, "a folder");
  const isIncluded = include === undefined || include === "" ? () => true : compileGlob(include);
  const isExcluded = exclude === undefined || exclude === "" ? () => false : compileGlob(exclude);
  const files: SelectedFile[] = [];
  const faults: ManifestFault[] = [];
  let seen = 0;
  const walk = async (oid: string, within: readonly string[]): Promise<void> => {
    if (within.length > depthMax) throw refusedPath(path, `folders at most ${depthMax} deep`);
    for (const entry of await trees.entries(oid)) {
      if (++seen > entriesMax) throw refusedPath(path, `at most ${entriesMax} files`);
      const segments = [...within, entry.name];
      const relative = segments.join("/");
      const file = [...base, ...segments].join("/");
      if (entry.is === "folder") {
        if (recurse) await walk(entry.oid, segments);
        continue;
      }
      if (entry.is === "submodule") {
        if (recurse && !isExcluded(relative)) faults.push({ file, message: "is a submodule: not supported yet" });
        continue;
      }
      const isManifest = /\.(yaml|yml|json|jsonnet)$/.test(entry.name);
      if (!isManifest || isExcluded(relative) || !isIncluded(relative)) continue;
      const other = otherTool(entry.name);
      if (other !== undefined) faults.push({ file, message: other });
      else if (entry.is === "file") files.push({ file, oid: entry.oid });
      else {
        const target = await followLink(trees, reader, root, base, [...base, ...within], entry.oid);
        if (typeof target === "string") faults.push({ file, message: target });
        else files.push({ file, oid: target.oid });
      }
    }
  };
  for (const { name } of await trees.entries(folder.oid)) {
    const tool = toolOf(name);
    if (tool !== undefined)
      throw refusedPath(path, `a folder of plain YAML or JSON; ${name} makes it ${tool}, which is not supported yet`);
  }
  await walk(folder.oid, []);
  return { files: files.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)), faults };
}

const toolOf = (name: string): string | undefined => {
  if (name === "Chart.yaml") return "a Helm chart";
  return /^kustomization\.ya?ml$|^Kustomization$/.test(name) ? "a Kustomize folder" : undefined;
};

function otherTool(name: string): string | undefined {
  if (name.endsWith(".jsonnet")) return "is Jsonnet: not supported yet";
  if (name.startsWith(".argocd-source")) return "overrides parameters of the source: not supported yet";
  return undefined;
}

async function followLink(
  trees: TreeReader,
  reader: ObjectReader,
  root: string,
  base: readonly string[],
  folder: readonly string[],
  link: string,
): Promise<{ readonly oid: string } | string> {
  let oid = link;
  let here = folder;
  for (let hops = 0; hops < 16; hops++) {
    const target = (await reader.read(oid)).toString("utf8");
    if (target.startsWith("/")) return "is a symbolic link to an absolute path";
    const resolved = join(here, target.split("/"));
    if (resolved === undefined || !base.every((segment, index) => resolved[index] === segment)) {
      return "is a symbolic link that leaves the Application's path";
    }
    const entry = await trees.find(root, resolved);
    if (entry === undefined) return "is a symbolic link to nothing";
    if (entry.is === "file") return { oid: entry.oid };
    if (entry.is !== "symlink") return "is a symbolic link to a folder: not supported yet";
    oid = entry.oid;
    here = resolved.slice(0, -1);
  }
  return "is a symbolic link that leads to itself";
}

function join(folder: readonly string[], target: readonly string[]): readonly string[] | undefined {
  const segments = [...folder];
  for (const segment of target) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments;
}

const refusedPath = (path: string, expected: string): Fault =>
  new Fault("invalid", `path ${JSON.stringify(path.slice(0, 200))}: expected ${expected}`, {
    violations: [{ path: "spec.source.path", found: path.slice(0, 200), expected }],
  });
