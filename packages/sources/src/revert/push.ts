import { lastWords, remoteFault } from "../git/remote-fault.ts";
import type { RepositoryCache } from "../git/repository-cache.ts";
import type { RepositoryUrl } from "../git/repository-url.ts";

export type PushAnswer =
  | { readonly is: "pushed" }
  /** Somebody was faster: the ref isn't what was expected. */
  | { readonly is: "moved"; readonly message: string }
  /** No right to push, a protected branch, a hook that declines. */
  | { readonly is: "declined"; readonly message: string };

/**
 * Sets one ref to a commit, only if it still is `expected` ("" means that it must not exist). History is never
 * rewritten: the commit's parent is `expected`. Throws unavailable where the remote doesn't answer.
 */
export async function pushWithLease(
  cache: RepositoryCache,
  repository: RepositoryUrl,
  gitDir: string,
  ref: string,
  commit: string,
  expected: string,
): Promise<PushAnswer> {
  const place = repository.is === "local" ? repository.path : repository.url;
  const done = await cache.run(repository, [
    `--git-dir=${gitDir}`,
    "push",
    "--porcelain",
    "--atomic",
    "--no-verify",
    `--force-with-lease=${ref}:${expected}`,
    "--",
    place,
    `${commit}:${ref}`,
  ]);
  const said = `${done.stdout.toString("utf8")}\n${done.stderr}`;
  if (done.code === 0) return { is: "pushed" };
  if (/stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|already exists/.test(said)) {
    return { is: "moved", message: lastRefusal(said) };
  }
  const isDeclined =
    /\[remote rejected\]|hook declined|protected branch|denied|not authorized|403|401|Authentication failed|could not read Username|read-only|insufficient permission|unable to create temporary|unpacker error/i;
  if (isDeclined.test(said)) return { is: "declined", message: lastRefusal(said) };
  throw remoteFault("push to", repository.key, done.stderr);
}

function lastRefusal(said: string): string {
  const refusal = /^!\t\S+\t(.+)$/m.exec(said)?.[1];
  return refusal ?? lastWords(said);
}
