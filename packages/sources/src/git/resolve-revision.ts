import { Fault } from "@sluice/kernel";
import type { OpenRepository, RepositoryCache } from "./repository-cache.ts";
import { parseRepositoryUrl } from "./repository-url.ts";
import { checkRevisionName, isFullSha, isShortSha } from "./revision-name.ts";

export interface ResolvedRevision {
  /** The full sha of a commit. */
  readonly sha: string;
  /** What the name turned out to be; a `branch` can be pushed to. */
  readonly is: "branch" | "tag" | "sha" | "HEAD";
  readonly repository: OpenRepository;
}

/** How old a mirror may be when nobody said that something has changed. */
const freshMillis = 3000;

/** From a branch, tag, sha, short sha or HEAD to a commit. A commit that is here already costs no fetch. */
export async function resolveIn(cache: RepositoryCache, repoURL: string, revision: string): Promise<ResolvedRevision> {
  const url = parseRepositoryUrl(repoURL);
  const name = checkRevisionName(revision);
  if (isFullSha(name)) {
    const here = cache.peek(url);
    const sha = here === undefined ? undefined : await commitAt(here, name);
    if (here !== undefined && sha !== undefined) return { sha, is: "sha", repository: here };
  }
  const repository = await cache.open(url, freshMillis);
  const candidates = candidatesOf(name, repository.isLocal);
  const infos = await Promise.all(candidates.map(({ ref }) => repository.reader.info(`${ref}^{commit}`)));
  for (const [index, info] of infos.entries()) {
    const candidate = candidates[index];
    if (candidate === undefined || info.is === "missing") continue;
    if (info.is === "ambiguous")
      throw unresolved(name, repoURL, "that sha is short for several commits: write more of it");
    return { sha: info.oid, is: candidate.is, repository };
  }
  const isEmpty =
    name === "HEAD" ? "the repository has no commit on its default branch" : "no branch, tag or commit of that name";
  throw unresolved(name, repoURL, isEmpty);
}

function candidatesOf(name: string, isLocal: boolean): { ref: string; is: ResolvedRevision["is"] }[] {
  if (name === "HEAD") return [{ ref: isLocal ? "HEAD" : "refs/sluice/HEAD", is: "HEAD" }];
  if (name.startsWith("refs/")) return [{ ref: name, is: name.startsWith("refs/tags/") ? "tag" : "branch" }];
  return [
    { ref: `refs/heads/${name}`, is: "branch" },
    { ref: `refs/tags/${name}`, is: "tag" },
    ...(isFullSha(name) || isShortSha(name) ? [{ ref: name, is: "sha" as const }] : []),
  ];
}

async function commitAt(repository: OpenRepository, sha: string): Promise<string | undefined> {
  const info = await repository.reader.info(`${sha}^{commit}`);
  return info.is === "object" ? info.oid : undefined;
}

function unresolved(name: string, repoURL: string, why: string): Fault {
  return new Fault("invalid", `revision ${name} of ${repoURL}: ${why}`, {
    violations: [
      { path: "spec.source.targetRevision", found: name, expected: "a branch, tag, sha or HEAD", repair: why },
    ],
  });
}
