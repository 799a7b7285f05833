import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isFault } from "@sluice/kernel";

const identity = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.org",
};

/** What `git init` writes; and nothing is tidied up behind the back of a test, which takes a process each time. */
function initialize(folder: string, config: string): void {
  for (const part of ["objects", "refs", "hooks"]) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, "HEAD"), "ref: refs/heads/main\n");
  const quiet = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[receive]\n\tautogc = false\n";
  writeFileSync(join(folder, "config"), `[core]\n\trepositoryformatversion = 0\n\t${config}${quiet}`);
}

/** Real repositories for tests: a bare one to push to, and a clone that a person works in. */
export class ScratchRepository {
  readonly folder: string;
  readonly bare: string;
  readonly work: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "sluice-git-"));
    this.bare = join(this.folder, "origin.git");
    this.work = join(this.folder, "work");
    initialize(this.bare, "bare = true\n");
    const remote = `[remote "origin"]\n\turl = ${this.bare}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
    const branch = '[branch "main"]\n\tremote = origin\n\tmerge = refs/heads/main\n';
    initialize(join(this.work, ".git"), `bare = false\n${remote}${branch}`);
  }

  get url(): string {
    return `file://${this.bare}`;
  }

  git(...args: string[]): string {
    return execFileSync("git", args, {
      cwd: this.work,
      env: identity,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  }

  /** In the bare repository. */
  origin(...args: string[]): string {
    return execFileSync("git", args, {
      cwd: this.bare,
      env: identity,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.work, path)), { recursive: true });
      writeFileSync(join(this.work, path), text);
    }
  }

  /** Writes, commits and pushes; the sha. */
  push(files: Readonly<Record<string, string>>, message = "a change"): string {
    this.write(files);
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "-m", message);
    this.git("push", "--quiet", "origin", "HEAD");
    return this.git("rev-parse", "HEAD");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const configMap = (name: string, extra = "") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${extra}`;

/** The fault that it must end with. */
export const refusal = async (work: Promise<unknown>) => {
  const fault = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isFault(fault)) throw new Error(`expected a fault, got ${String(fault)}`);
  return fault;
};
