import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@sluice/kernel";
import type { ObjectReader } from "../git/object-reader.ts";
import type { TreeEntry } from "../git/objects.ts";
import { lastWords } from "../git/remote-fault.ts";
import type { RepositoryCache } from "../git/repository-cache.ts";
import { TreeReader } from "../manifests/select-files.ts";

export interface RestoredTree {
  readonly tree: string;
  readonly restored: readonly string[];
  /** Files whose later changes touch the same lines. */
  readonly conflicts: readonly string[];
}

/**
 * HEAD's tree with what happened to `files` between two trees taken back: a three-way merge for each file, so that
 * later changes elsewhere in it stay.
 */
export async function restoreFiles(
  cache: RepositoryCache,
  gitDir: string,
  reader: ObjectReader,
  trees: { readonly head: string; readonly bad: string; readonly good: string },
  files: readonly string[],
): Promise<RestoredTree> {
  const read = new TreeReader(reader);
  const lines: string[] = [];
  const restored: string[] = [];
  const conflicts: string[] = [];
  for (const file of files) {
    const at = (tree: string) => read.find(tree, file.split("/"));
    const [now, bad, good] = await Promise.all([at(trees.head), at(trees.bad), at(trees.good)]);
    if (bad?.oid === good?.oid || now?.oid === good?.oid) continue;
    const merged =
      now?.oid === bad?.oid ? { oid: good?.oid, mode: good?.mode } : await merge(cache, gitDir, reader, now, bad, good);
    if (merged === undefined) {
      conflicts.push(file);
      continue;
    }
    restored.push(file);
    lines.push(
      merged.oid === undefined ? `0 ${"0".repeat(40)}\t${file}` : `${merged.mode ?? "100644"} ${merged.oid}\t${file}`,
    );
  }
  if (restored.length === 0) return { tree: trees.head, restored, conflicts };
  return { tree: await writeTree(cache, gitDir, trees.head, lines), restored, conflicts };
}

async function merge(
  cache: RepositoryCache,
  gitDir: string,
  reader: ObjectReader,
  now: TreeEntry | undefined,
  bad: TreeEntry | undefined,
  good: TreeEntry | undefined,
): Promise<{ oid: string; mode: string } | undefined> {
  if (now?.is !== "file" || bad?.is !== "file" || good?.is !== "file") return undefined;
  const folder = await mkdtemp(join(tmpdir(), "sluice-merge-"));
  try {
    for (const [name, entry] of [
      ["now", now],
      ["bad", bad],
      ["good", good],
    ] as const) {
      await writeFile(join(folder, name), await reader.read(entry.oid), { mode: 0o600 });
    }
    const merged = await cache.runLocally([
      "merge-file",
      "--stdout",
      join(folder, "now"),
      join(folder, "bad"),
      join(folder, "good"),
    ]);
    if (merged.code !== 0) return undefined;
    const written = await cache.runLocally([`--git-dir=${gitDir}`, "hash-object", "-w", "--stdin"], {
      input: merged.stdout,
    });
    if (written.code !== 0) throw new Fault("unavailable", `git hash-object: ${lastWords(written.stderr)}`);
    return { oid: written.stdout.toString("latin1").trim(), mode: now.mode };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeTree(
  cache: RepositoryCache,
  gitDir: string,
  base: string,
  lines: readonly string[],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-index-"));
  const env = { GIT_INDEX_FILE: join(folder, "index") };
  const git = async (args: readonly string[], input?: string) => {
    const done = await cache.runLocally([`--git-dir=${gitDir}`, ...args], {
      env,
      ...(input === undefined ? {} : { input }),
    });
    if (done.code !== 0) throw new Fault("unavailable", `git ${args[0]}: ${lastWords(done.stderr)}`);
    return done.stdout.toString("latin1").trim();
  };
  try {
    await git(["read-tree", base]);
    await git(["update-index", "-z", "--index-info"], `${lines.join("\0")}\0`);
    return await git(["write-tree"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
