import { RepositoryCache, type RepositoryCacheOptions } from "./git/repository-cache.ts";
import { parseRepositoryUrl } from "./git/repository-url.ts";
import { resolveIn } from "./git/resolve-revision.ts";
import { ManifestRenderer } from "./manifests/fetch-manifests.ts";
import type { LocatedResource, ManifestFault } from "./manifests/parse-manifests.ts";
import type { DirectoryOptions } from "./manifests/select-files.ts";
import { type RepositoryWatchOptions, watchRepository } from "./watch/watch-repository.ts";

export interface ManifestSource {
  readonly repoURL: string;
  readonly revision: string;
  readonly path: string;
  readonly directory?: DirectoryOptions;
}

export interface FetchedManifests {
  /** The full sha. */
  readonly revision: string;
  /** True where the revision named a branch (or HEAD), which can be committed to. */
  readonly isBranch: boolean;
  readonly commit: { readonly author: string; readonly date: string; readonly subject: string };
  /** Shared between callers: treat as frozen. */
  readonly resources: readonly LocatedResource[];
  readonly faults: readonly ManifestFault[];
  /** Equal digests mean equal resources, also across commits. */
  readonly digest: string;
}

/** Git repositories as sources of manifests. One for the whole program; `close` ends its processes. */
export class GitSources {
  readonly cache: RepositoryCache;
  readonly renderer = new ManifestRenderer();

  constructor(options: RepositoryCacheOptions) {
    this.cache = new RepositoryCache(options);
  }

  /** The full sha of a branch, tag, sha, short sha or HEAD. Faults: invalid, forbidden, unavailable. */
  async resolveRevision(repoURL: string, revision: string): Promise<string> {
    return (await resolveIn(this.cache, repoURL, revision)).sha;
  }

  /**
   * The manifests of a folder at a revision. What is wrong with a file is in `faults`;
   * what is wrong with the source (URL, revision, path, credentials, no answer) is thrown.
   */
  async fetchManifests({ repoURL, revision, path, directory = {} }: ManifestSource): Promise<FetchedManifests> {
    const { sha, is, repository } = await resolveIn(this.cache, repoURL, revision);
    const commit = await this.renderer.commit(repository.reader, sha);
    const rendered = await this.renderer.render(repository.reader, commit.tree, path, directory);
    return {
      revision: sha,
      isBranch: is === "branch" || is === "HEAD",
      commit: { author: commit.author, date: commit.date, subject: commit.subject },
      resources: rendered.resources,
      faults: rendered.faults,
      digest: rendered.digest,
    };
  }

  /** Whether a folder renders the same at two commits. A commit that can't be read counts as different. */
  async isSame(
    { repoURL, path, directory = {} }: Omit<ManifestSource, "revision">,
    a: string,
    b: string,
  ): Promise<boolean> {
    try {
      const digests = [a, b].map(async (revision) => {
        const { sha, repository } = await resolveIn(this.cache, repoURL, revision);
        const { tree } = await this.renderer.commit(repository.reader, sha);
        return this.renderer.digest(repository.reader, tree, path, directory);
      });
      const [first, second] = await Promise.all(digests);
      return first === second;
    } catch {
      return false;
    }
  }

  /** Makes the next question about a repository ask it anew; a watch or a hook heard of a change. */
  invalidate(repoURL: string): void {
    this.cache.invalidate(parseRepositoryUrl(repoURL));
  }

  /** Calls back whenever a ref of the repository changes: see {@link RepositoryWatchOptions}. Returns what ends it. */
  watchRepository(repoURL: string, onChange: () => void, options?: RepositoryWatchOptions): () => void {
    return watchRepository(this.cache, repoURL, onChange, options);
  }

  close(): void {
    this.cache.close();
  }
}
