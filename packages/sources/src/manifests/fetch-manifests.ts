import { LeastRecentlyUsed } from "../git/lru.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { type CommitInfo, parseCommit } from "../git/objects.ts";
import { type LocatedResource, type ManifestFault, type ParsedManifests, parseManifests } from "./parse-manifests.ts";
import { type DirectoryOptions, type SelectedFile, selectFiles, type TreeCache, TreeReader } from "./select-files.ts";

/** What an Application's source is at one commit. */
export interface RenderedManifests {
  readonly resources: readonly LocatedResource[];
  /** Everything that couldn't be read; with any of it, nothing should be applied. */
  readonly faults: readonly ManifestFault[];
  /** The files that were read, from the repository's root. */
  readonly files: readonly string[];
  /** Equal digests mean equal resources. */
  readonly digest: string;
}

/** As Argo CD's `reposerver.max.combined.directory.manifests.size`. */
const combinedBytesMax = 10 * 1024 * 1024;

/** Renders folders at commits. What was parsed once is kept by its git object id, so a commit costs what it changed. */
export class ManifestRenderer {
  readonly #files = new LeastRecentlyUsed<ParsedManifests>(32 * 1024 * 1024);
  readonly #folders = new LeastRecentlyUsed<RenderedManifests>(4000);

  readonly #commits = new LeastRecentlyUsed<CommitInfo>(1000);
  readonly #trees: TreeCache = new LeastRecentlyUsed(100_000);

  async commit(reader: ObjectReader, sha: string): Promise<CommitInfo> {
    const known = this.#commits.get(sha);
    if (known !== undefined) return known;
    const commit = parseCommit(sha, await reader.read(sha));
    this.#commits.set(sha, commit);
    return commit;
  }

  /** Equal for two commits that render the same: nothing is rendered to find out. */
  async digest(reader: ObjectReader, tree: string, path: string, directory: DirectoryOptions): Promise<string> {
    const options = JSON.stringify([
      path,
      directory.recurse ?? false,
      directory.include ?? "",
      directory.exclude ?? "",
    ]);
    // Symbolic links stay within the folder, so its own tree decides everything.
    const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
    const folder = await new TreeReader(reader, this.#trees).find(tree, segments);
    return `${folder?.oid ?? tree}|${options}`;
  }

  async render(
    reader: ObjectReader,
    tree: string,
    path: string,
    directory: DirectoryOptions,
  ): Promise<RenderedManifests> {
    const trees = new TreeReader(reader, this.#trees);
    const key = await this.digest(reader, tree, path, directory);
    const known = this.#folders.get(key);
    if (known !== undefined) return known;
    const { files, faults } = await selectFiles(trees, reader, tree, path, directory);
    const read = await this.#readAll(reader, files);
    const rendered: RenderedManifests = {
      resources: read.flatMap(({ resources }) => resources),
      faults: [...faults, ...read.flatMap((parsed) => parsed.faults)],
      files: files.map(({ file }) => file),
      digest: key,
    };
    this.#folders.set(key, rendered);
    return rendered;
  }

  async #readAll(reader: ObjectReader, files: readonly SelectedFile[]): Promise<ParsedManifests[]> {
    const infos = await Promise.all(files.map(({ oid }) => reader.info(oid)));
    let total = 0;
    const parsed: Promise<ParsedManifests>[] = [];
    for (const [index, { file, oid }] of files.entries()) {
      const info = infos[index];
      const size = info?.is === "object" ? info.size : 0;
      total += size;
      if (size > combinedBytesMax || total > combinedBytesMax) {
        const message = `makes the manifests larger than ${combinedBytesMax / 1024 / 1024} MiB together`;
        return [{ resources: [], faults: [{ file, message }] }];
      }
      parsed.push(this.#readOne(reader, file, oid, size));
    }
    return Promise.all(parsed);
  }

  async #readOne(reader: ObjectReader, file: string, oid: string, size: number): Promise<ParsedManifests> {
    const known = this.#files.get(oid);
    if (known !== undefined) return relocate(known, file);
    const content = await reader.read(oid);
    const text = content.toString("utf8");
    const parsed = /^# \+argocd:skip-file-rendering\s*$/m.test(text.slice(0, 4096))
      ? { resources: [], faults: [] }
      : parseManifests(file, text);
    this.#files.set(oid, parsed, size + 256);
    return parsed;
  }
}

/** The same content may stand in several files. */
function relocate(parsed: ParsedManifests, file: string): ParsedManifests {
  if ((parsed.resources[0] ?? parsed.faults[0])?.file === file) return parsed;
  return {
    resources: parsed.resources.map((located) => ({ ...located, file })),
    faults: parsed.faults.map((fault) => ({ ...fault, file })),
  };
}
