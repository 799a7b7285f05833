import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@sluice/kernel";
import type { CommitInfo } from "../git/objects.ts";
import { lastWords } from "../git/remote-fault.ts";
import type { RepositoryCache, WritableRepository } from "../git/repository-cache.ts";
import { parseRepositoryUrl, type RepositoryUrl } from "../git/repository-url.ts";
import { checkRevisionName, isFullSha } from "../git/revision-name.ts";
import type { ManifestRenderer } from "../manifests/fetch-manifests.ts";
import { decideRevert } from "./decide-revert.ts";
import { irrevertibleChanges } from "./irrevertible.ts";
import { pushWithLease } from "./push.ts";
import { restoreFiles } from "./restored-tree.ts";
import { branchName, commitMessage, idTrailer, type RevertOutcome, type RevertRequest } from "./revert-request.ts";
import { type Blame, type DigestsOf, type Version, VersionHistory } from "./version-history.ts";

export interface RevertTools {
  readonly cache: RepositoryCache;
  readonly renderer: ManifestRenderer;
  /** Where patches are written when nothing can be pushed: `<stateFolder>/patches/`. */
  readonly stateFolder: string;
  readonly digestsOf: DigestsOf;
}

const trailerDepth = 200;

/**
 * Puts a repository right after a version was taken back, if that is needed and safe: a commit on the branch itself,
 * a branch for a person to merge, or a patch file. Safe to repeat: what was done before is found by its trailer.
 * Faults: unavailable (try again), forbidden or invalid (the repository can't be read).
 */
export async function revertInGit(tools: RevertTools, request: RevertRequest): Promise<RevertOutcome> {
  const { cache } = tools;
  const url = parseRepositoryUrl(request.repoURL);
  const repository = await cache.openForWriting(url);
  const target = await targetOf(cache, url, repository, request.revision);
  const history = new VersionHistory(repository.reader, tools.renderer, request, tools.digestsOf);
  const done = await findDone(tools, repository, target, request);
  if (done !== undefined) return done;
  const head = await history.at(target.sha);
  if (head === undefined || !history.isBad(head)) {
    return { is: "notNeeded", message: "HEAD no longer asks for the version that was taken back" };
  }
  const blame = await history.blame(head);
  const culprit = blame?.culprits[0];
  if (blame === undefined || culprit === undefined) {
    return {
      is: "held",
      message: "no earlier commit asks for another version of this workload: there is nothing to go back to",
    };
  }
  return actOn(tools, request, { url, repository, target, history, head, blame, culprit });
}

interface Case {
  readonly url: RepositoryUrl;
  readonly repository: WritableRepository;
  readonly target: Target;
  readonly history: VersionHistory;
  readonly head: Version;
  readonly blame: Blame;
  readonly culprit: CommitInfo;
}

async function actOn(tools: RevertTools, request: RevertRequest, known: Case): Promise<RevertOutcome> {
  const { repository, target, history, head, blame, culprit } = known;
  const { cache } = tools;
  const first = blame.culprits.at(-1) ?? culprit;
  const before = await tools.renderer.commit(repository.reader, first.parents[0] ?? "");
  const changed = await changedFiles(cache, repository, before.sha, culprit.sha);
  const own = new Set([
    ...head.rendered.files,
    ...blame.good.rendered.files,
    ...((await history.at(culprit.sha))?.rendered.files ?? []),
  ]);
  const ownChanged = changed.filter((file) => own.has(file));
  const trees = { head: head.commit.tree, bad: culprit.tree, good: before.tree };
  const restored = await restoreFiles(cache, repository.gitDir, repository.reader, trees, ownChanged);
  const result =
    restored.conflicts.length > 0 ? undefined : history.version(head.commit, await history.rendered(restored.tree));
  const badAtCulprit = (await history.at(culprit.sha))?.rendered;
  const goodBefore = (await history.at(before.sha))?.rendered;
  const decision = decideRevert({
    mode: request.mode,
    isBadAtHead: true,
    culprit: {
      sha: culprit.sha,
      parents: culprit.parents.length,
      isHead: culprit.sha === target.sha,
      foreignFiles: (await changedFiles(cache, repository, culprit.parents[0] ?? "", culprit.sha)).filter(
        (file) => !own.has(file),
      ),
      irrevertible: irrevertibleChanges(goodBefore?.resources ?? [], badAtCulprit?.resources ?? []),
    },
    culprits: blame.culprits.length,
    isBranch: target.branch !== undefined,
    conflicts: restored.conflicts,
    isResultGood: result !== undefined && result.rendered.faults.length === 0 && sameVersion(result, blame.good),
  });
  const reverts = culprit.sha;
  if (decision.is === "held") return { is: "held", message: decision.because, reverts };
  if (decision.is === "notNeeded") return { is: "notNeeded", message: decision.because };
  const message = commitMessage(request, culprit, before.sha, restored.restored);
  const commit = await writeCommit(cache, repository, restored.tree, target.sha, message, request.at);
  if (decision.is === "commit" && target.branch !== undefined) {
    const answer = await pushWithLease(cache, known.url, repository.gitDir, target.branch, commit, target.sha);
    if (answer.is === "pushed")
      return { is: "committed", message: decision.because, commit, reverts, branch: shortName(target.branch) };
    // One try: whatever was in the way, a person looks at it.
    const because =
      answer.is === "moved" ? "HEAD moved while it was pushed" : `the push was declined (${answer.message})`;
    return revertOnBranch(tools, request, known, commit, `not committed directly: ${because}`);
  }
  return revertOnBranch(tools, request, known, commit, decision.because);
}

/** Pushes the repair as a branch of its own; without push rights it becomes a patch file. */
async function revertOnBranch(
  tools: RevertTools,
  request: RevertRequest,
  known: Case,
  commit: string,
  because: string,
): Promise<RevertOutcome> {
  const branch = branchName(request.application, known.culprit.sha);
  const reverts = known.culprit.sha;
  const answer = await pushWithLease(
    tools.cache,
    known.url,
    known.repository.gitDir,
    `refs/heads/${branch}`,
    commit,
    "",
  );
  switch (answer.is) {
    case "pushed":
      return { is: "branchPushed", message: because, branch, commit, reverts };
    case "moved":
      return {
        is: "held",
        message: `the branch ${branch} is there already, and not by us: ${because}`,
        branch,
        reverts,
      };
    case "declined": {
      const patchPath = await writePatch(tools, known.repository, request, commit, reverts);
      return {
        is: "patchWritten",
        message: `${because}; the push was declined (${answer.message})`,
        patchPath,
        commit,
        reverts,
      };
    }
  }
}

/** For `git am`, under the state folder. */
async function writePatch(
  { cache, stateFolder }: RevertTools,
  { gitDir }: WritableRepository,
  request: RevertRequest,
  commit: string,
  culprit: string,
): Promise<string> {
  const made = await cache.runLocally([
    `--git-dir=${gitDir}`,
    "format-patch",
    "-1",
    "--stdout",
    "--no-signature",
    commit,
  ]);
  if (made.code !== 0) throw new Fault("unavailable", `git format-patch: ${lastWords(made.stderr)}`);
  const relative = join("patches", `${branchName(request.application, culprit).replace("sluice/", "")}.patch`);
  const file = join(stateFolder, relative);
  await mkdir(join(stateFolder, "patches"), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, made.stdout, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return relative;
}

const sameVersion = (a: Version, b: Version): boolean => a.digests.some((digest) => b.digests.includes(digest));

interface Target {
  readonly sha: string;
  /** The full name of the branch that is asked for; undefined for a tag or a sha. */
  readonly branch: string | undefined;
}

const shortName = (ref: string): string => ref.replace(/^refs\/heads\//, "");

async function targetOf(
  cache: RepositoryCache,
  url: RepositoryUrl,
  { reader }: WritableRepository,
  revision: string,
): Promise<Target> {
  const name = checkRevisionName(revision);
  const branch =
    name === "HEAD" ? await defaultBranch(cache, url) : name.startsWith("refs/heads/") ? name : `refs/heads/${name}`;
  const onBranch = branch === undefined || isFullSha(name) ? undefined : await reader.info(`${branch}^{commit}`);
  if (onBranch?.is === "object") return { sha: onBranch.oid, branch };
  for (const ref of [`refs/tags/${name}`, name]) {
    const info = await reader.info(`${ref}^{commit}`);
    if (info.is === "object") return { sha: info.oid, branch: undefined };
  }
  throw new Fault("invalid", `revision ${name} is no longer in the repository`);
}

async function defaultBranch(cache: RepositoryCache, url: RepositoryUrl): Promise<string | undefined> {
  const place = url.is === "local" ? url.path : url.url;
  const said = await cache.run(url, ["ls-remote", "--symref", "--quiet", "--", place, "HEAD"]);
  return /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(said.stdout.toString("utf8"))?.[1];
}

/** A repair of the same Quarantine that was pushed before, whatever became of the process that did it. */
async function findDone(
  { cache }: RevertTools,
  repository: WritableRepository,
  target: Target,
  request: RevertRequest,
): Promise<RevertOutcome | undefined> {
  const trailer = `${idTrailer}: ${request.id}`;
  const find = async (refs: readonly string[]) => {
    const args = [
      `--git-dir=${repository.gitDir}`,
      "log",
      `--max-count=${trailerDepth}`,
      "--fixed-strings",
      `--grep=${trailer}`,
      "--format=%H%x09%D%x09%b%x00",
      ...refs,
      "--",
    ];
    const said = await cache.runLocally(args);
    return said.code === 0 ? said.stdout.toString("utf8") : "";
  };
  const reverted = (text: string) => /This reverts commit ([0-9a-f]{40,64})\./.exec(text)?.[1];
  const outcome = (text: string) => {
    const reverts = reverted(text);
    return {
      commit: text.slice(0, text.indexOf("\t")),
      message: "done before",
      ...(reverts === undefined ? {} : { reverts }),
    };
  };
  const committed = await find([target.sha]);
  if (committed !== "") {
    return {
      is: "committed",
      ...outcome(committed),
      ...(target.branch === undefined ? {} : { branch: shortName(target.branch) }),
    };
  }
  const onBranch = await find([`--branches=sluice/revert-*`]);
  if (onBranch === "") return undefined;
  const base = outcome(onBranch);
  return { is: "branchPushed", ...base, branch: branchName(request.application, base.reverts ?? "") };
}

async function changedFiles(
  cache: RepositoryCache,
  { gitDir }: WritableRepository,
  from: string,
  to: string,
): Promise<string[]> {
  const said = await cache.runLocally([
    `--git-dir=${gitDir}`,
    "diff-tree",
    "-r",
    "-z",
    "--name-only",
    "--no-renames",
    from,
    to,
  ]);
  if (said.code !== 0) throw new Fault("unavailable", `git diff-tree: ${lastWords(said.stderr)}`);
  return said.stdout
    .toString("utf8")
    .split("\0")
    .filter((file) => file !== "");
}

async function writeCommit(
  cache: RepositoryCache,
  { gitDir }: WritableRepository,
  tree: string,
  parent: string,
  message: string,
  at: string,
) {
  const date = `${Math.floor(Date.parse(at) / 1000)} +0000`;
  const env = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  const made = await cache.runLocally([`--git-dir=${gitDir}`, "commit-tree", tree, "-p", parent], {
    input: message,
    env,
  });
  if (made.code !== 0) throw new Fault("unavailable", `git commit-tree: ${lastWords(made.stderr)}`);
  return made.stdout.toString("latin1").trim();
}
