import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@sluice/kernel";
import { accessEnvironment } from "./access.ts";
import { credentialFor, type RepositoryCredential, secretsOf } from "./credentials.ts";
import { gitEnvironment } from "./environment.ts";
import { Lanes } from "./lanes.ts";
import { findGitDir } from "./local-repository.ts";
import { LeastRecentlyUsed } from "./lru.ts";
import { ObjectReader } from "./object-reader.ts";
import { lastWords, remoteFault } from "./remote-fault.ts";
import { repairMirror } from "./repair-mirror.ts";
import type { RepositoryUrl } from "./repository-url.ts";
import { type GitOutput, runGit } from "./run-git.ts";

export interface RepositoryCacheOptions {
  /** Mirrors, keys and our git configuration lie under it; created with mode 0700. */
  readonly folder: string;
  readonly credentials?: () => readonly RepositoryCredential[];
  /** A remote that hasn't answered within it is given up for this time. Default 30 s. */
  readonly timeoutMillis?: number;
  /** Mirrors beyond this many bytes make the least recently used go. Default 2 GiB. */
  readonly maxBytes?: number;
}

/** A repository whose objects can be read now. */
export interface OpenRepository {
  readonly gitDir: string;
  readonly reader: ObjectReader;
  readonly isLocal: boolean;
}

/** A mirror that commits can be made in; the repository itself changes only by a push. */
export interface WritableRepository {
  readonly gitDir: string;
  readonly reader: ObjectReader;
}

interface Mirror {
  fetchedAt: number;
  /** Fetches that began; a caller that needs news of now joins only one that begins after its call. */
  running: Promise<void> | undefined;
  next: Promise<void> | undefined;
}

/**
 * Repositories on this machine are read where they are; others through a mirror each.
 * One fetch at a time for each repository and four for each host, so a remote that hangs holds up only itself.
 */
export class RepositoryCache {
  readonly folder: string;
  readonly globalConfig: string;
  readonly #credentials: () => readonly RepositoryCredential[];
  readonly #timeoutMillis: number;
  readonly #maxBytes: number;
  readonly #lanes = new Lanes(4);
  readonly #mirrors = new Map<string, Mirror>();
  readonly #readers = new LeastRecentlyUsed<ObjectReader>(16, (reader) => reader.close());
  readonly #closing = new AbortController();
  #prepared: Promise<void> | undefined;

  constructor({ folder, credentials, timeoutMillis, maxBytes }: RepositoryCacheOptions) {
    this.folder = folder;
    this.globalConfig = join(folder, "gitconfig");
    this.#credentials = credentials ?? (() => []);
    this.#timeoutMillis = timeoutMillis ?? 30_000;
    this.#maxBytes = maxBytes ?? 2 * 1024 ** 3;
  }

  /**
   * Opens a repository, fetching a remote one whose mirror is older than `maxAgeMillis`.
   * Faults: invalid (no such repository), forbidden (credentials), unavailable (no answer; retry).
   */
  async open(repository: RepositoryUrl, maxAgeMillis: number): Promise<OpenRepository> {
    await this.#prepare();
    if (repository.is === "local") {
      const gitDir = await findGitDir(repository.path);
      return { gitDir, reader: this.#reader(gitDir), isLocal: true };
    }
    const gitDir = this.mirrorPath(repository);
    const mirror = this.#mirrors.get(repository.key);
    if (mirror === undefined || Date.now() - mirror.fetchedAt >= maxAgeMillis) await this.#fetch(repository, gitDir);
    return { gitDir, reader: this.#reader(gitDir), isLocal: false };
  }

  /** A fresh mirror, also of a repository on this machine, whose objects it borrows. */
  async openForWriting(repository: RepositoryUrl): Promise<WritableRepository> {
    await this.#prepare();
    const gitDir = this.mirrorPath(repository);
    const borrowed = repository.is === "local" ? await findGitDir(repository.path) : undefined;
    await this.#fetch(repository, gitDir, borrowed);
    return { gitDir, reader: this.#reader(gitDir) };
  }

  /** The mirror as it is, if it was ever fetched: for a commit that can't change. */
  peek(repository: RepositoryUrl): OpenRepository | undefined {
    if (repository.is === "local" || !this.#mirrors.has(repository.key)) return undefined;
    const gitDir = this.mirrorPath(repository);
    return { gitDir, reader: this.#reader(gitDir), isLocal: false };
  }

  /** The next `open` fetches, however young the mirror is. */
  invalidate(repository: RepositoryUrl): void {
    const mirror = this.#mirrors.get(repository.key);
    if (mirror !== undefined) mirror.fetchedAt = 0;
  }

  /** Runs git against a remote with its credentials; a non-zero exit is for the caller to read. */
  async run(
    repository: RepositoryUrl,
    args: readonly string[],
    options: { input?: string | Buffer; signal?: AbortSignal; timeoutMillis?: number } = {},
  ): Promise<GitOutput> {
    await this.#prepare();
    const credential = credentialFor(repository, this.#credentials());
    const env = await accessEnvironment(repository, credential, this.folder, this.globalConfig);
    const signals = [this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])];
    return this.#lanes.run(repository.is === "local" ? repository.key : repository.host, () =>
      runGit({
        args,
        env,
        timeoutMillis: options.timeoutMillis ?? this.#timeoutMillis,
        secrets: secretsOf(credential),
        signal: AbortSignal.any(signals),
        ...(options.input === undefined ? {} : { input: options.input }),
      }),
    );
  }

  /** Runs git on objects that are here already; nothing it does may leave the machine. */
  async runLocally(args: readonly string[], options: { input?: string | Buffer; env?: Record<string, string> } = {}) {
    await this.#prepare();
    return runGit({
      args,
      env: gitEnvironment(this.globalConfig, "none", [], options.env),
      timeoutMillis: this.#timeoutMillis,
      signal: this.#closing.signal,
      ...(options.input === undefined ? {} : { input: options.input }),
    });
  }

  mirrorPath(repository: RepositoryUrl): string {
    return join(this.folder, `${createHash("sha256").update(repository.key).digest("hex").slice(0, 40)}.git`);
  }

  close(): void {
    this.#closing.abort();
    for (const reader of this.#readers.values()) reader.close();
  }

  #prepare(): Promise<void> {
    this.#prepared ??= (async () => {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      // Repositories of another user are only read; nothing in them is run (see gitEnvironment).
      await writeFile(this.globalConfig, "[safe]\n\tdirectory = *\n", { mode: 0o600 });
    })();
    return this.#prepared;
  }

  #reader(gitDir: string): ObjectReader {
    const known = this.#readers.get(gitDir);
    if (known !== undefined) return known;
    const reader = new ObjectReader(gitDir, gitEnvironment(this.globalConfig, "none"));
    this.#readers.set(gitDir, reader);
    return reader;
  }

  #fetch(repository: RepositoryUrl, gitDir: string, borrowed?: string): Promise<void> {
    let mirror = this.#mirrors.get(repository.key);
    if (mirror === undefined) {
      mirror = { fetchedAt: 0, running: undefined, next: undefined };
      this.#mirrors.set(repository.key, mirror);
    }
    const state = mirror;
    if (state.running === undefined) {
      state.running = this.#fetchNow(repository, gitDir, state, borrowed).finally(() => {
        state.running = undefined;
      });
      return state.running;
    }
    // The running one may have asked before the push that this caller has heard of.
    state.next ??= state.running
      .catch(() => {})
      .then(() => {
        state.next = undefined;
        return this.#fetch(repository, gitDir, borrowed);
      });
    return state.next;
  }

  async #fetchNow(
    repository: RepositoryUrl,
    gitDir: string,
    mirror: Mirror,
    borrowed?: string,
    isRepaired = false,
  ): Promise<void> {
    const startedAt = Date.now();
    if (!(await exists(join(gitDir, "HEAD")))) {
      const made = await this.runLocally(["init", "--quiet", "--bare", gitDir]);
      if (made.code !== 0) throw new Fault("unavailable", `the mirror can't be made: ${lastWords(made.stderr)}`);
    }
    if (borrowed !== undefined) {
      await writeFile(join(gitDir, "objects", "info", "alternates"), `${join(borrowed, "objects")}\n`);
    }
    const fetch = (refs: readonly string[]) =>
      this.run(repository, [
        `--git-dir=${gitDir}`,
        "fetch",
        "--quiet",
        "--prune",
        "--force",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--",
        repository.is === "local" ? repository.path : repository.url,
        ...refs,
      ]);
    const branches = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
    let done = await fetch([...branches, "+HEAD:refs/sluice/HEAD"]);
    if (done.code !== 0 && /couldn't find remote ref HEAD/i.test(done.stderr)) done = await fetch(branches);
    if (done.code !== 0 && !isRepaired && (await repairMirror(gitDir, done.stderr))) {
      await this.#fetchNow(repository, gitDir, mirror, borrowed, true);
      return;
    }
    if (done.code !== 0) throw remoteFault("fetch from", repository.key, done.stderr);
    mirror.fetchedAt = startedAt;
    const now = new Date();
    await utimes(gitDir, now, now).catch(() => {});
    await this.#evict(gitDir);
  }

  async #evict(keep: string): Promise<void> {
    const sizes: { path: string; size: number; usedAt: number }[] = [];
    for (const name of await readdir(this.folder).catch(() => [])) {
      if (!name.endsWith(".git")) continue;
      const path = join(this.folder, name);
      sizes.push({ path, size: await packedSize(path), usedAt: (await stat(path)).mtimeMs });
    }
    let total = sizes.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of sizes.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= this.#maxBytes || path === keep) continue;
      for (const [key, mirror] of this.#mirrors) {
        if (path === this.mirrorPath({ is: "local", key, path: "" }) && mirror.running === undefined)
          this.#mirrors.delete(key);
      }
      this.#readers.get(path)?.close();
      this.#readers.delete(path);
      await rm(path, { recursive: true, force: true });
      total -= size;
    }
  }
}

async function packedSize(gitDir: string): Promise<number> {
  const packs = join(gitDir, "objects", "pack");
  let size = 0;
  for (const name of await readdir(packs).catch(() => []))
    size += (await stat(join(packs, name)).catch(() => undefined))?.size ?? 0;
  return size;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
