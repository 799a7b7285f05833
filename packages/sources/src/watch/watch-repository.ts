import { createHash } from "node:crypto";
import { type Fault, toFault } from "@sluice/kernel";
import { findGitDir } from "../git/local-repository.ts";
import { remoteFault } from "../git/remote-fault.ts";
import type { RepositoryCache } from "../git/repository-cache.ts";
import { parseRepositoryUrl, type RepositoryUrl } from "../git/repository-url.ts";
import { watchLocal } from "./watch-local.ts";

export interface RepositoryWatchOptions {
  /** How often a remote is asked for its refs. Default 30 s. */
  readonly pollMillis?: number;
  /** Told why the last look failed; looking goes on, less and less often, up to ten times the poll. */
  readonly onFault?: (fault: Fault) => void;
}

/**
 * Calls `onChange` whenever a ref changes: at once for a repository on this machine, else when a poll sees it.
 * The first look only learns what is there, unless it failed before. Returns what ends the watch. Throws for a URL that
 * is refused.
 */
export function watchRepository(
  cache: RepositoryCache,
  repoURL: string,
  onChange: () => void,
  { pollMillis = 30_000, onFault = () => {} }: RepositoryWatchOptions = {},
): () => void {
  const repository = parseRepositoryUrl(repoURL);
  return repository.is === "local"
    ? watchOnceThere(repository.path, pollMillis, onChange, onFault)
    : pollRemote(cache, repository, pollMillis, onChange, onFault);
}

/** A repository may be made after its Application. */
function watchOnceThere(path: string, pollMillis: number, onChange: () => void, onFault: (fault: Fault) => void) {
  let isStopped = false;
  let isMissed = false;
  let timer: NodeJS.Timeout | undefined;
  let stop = () => {};
  const look = async () => {
    try {
      const gitDir = await findGitDir(path);
      if (isStopped) return;
      stop = watchLocal(gitDir, pollMillis, onChange);
      if (isMissed) onChange();
    } catch (thrown) {
      if (!isMissed) onFault(toFault(thrown));
      isMissed = true;
      if (!isStopped) timer = setTimeout(look, Math.min(1000, pollMillis)).unref();
    }
  };
  void look();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    stop();
  };
}

function pollRemote(
  cache: RepositoryCache,
  repository: RepositoryUrl & { is: "remote" },
  pollMillis: number,
  onChange: () => void,
  onFault: (fault: Fault) => void,
) {
  const stopping = new AbortController();
  let known: string | undefined;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    try {
      const said = await cache.run(repository, ["ls-remote", "--quiet", "--", repository.url], {
        signal: stopping.signal,
      });
      if (said.code !== 0) throw remoteFault("ls-remote of", repository.key, said.stderr);
      const fingerprint = createHash("sha256").update(said.stdout).digest("hex");
      const isNews = failures > 0 || (known !== undefined && known !== fingerprint);
      known = fingerprint;
      failures = 0;
      if (isNews && !stopping.signal.aborted) {
        cache.invalidate(repository);
        onChange();
      }
    } catch (thrown) {
      failures++;
      if (!stopping.signal.aborted) onFault(toFault(thrown));
    }
    if (stopping.signal.aborted) return;
    // Spread out, so that a thousand repositories of one host aren't asked in one instant.
    const wait = pollMillis * Math.min(10, 2 ** Math.max(0, failures - 1)) * (0.9 + 0.2 * Math.random());
    timer = setTimeout(look, wait).unref();
  };
  void look();
  return () => {
    stopping.abort();
    clearTimeout(timer);
  };
}
