import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A bare repository that Sluice watches, and a clone in which the demo's developer works. */
export class DemoRepository {
  readonly bare: string;
  readonly clone: string;

  private constructor(folder: string) {
    this.bare = join(folder, "shop-config.git");
    this.clone = join(folder, "shop-config");
  }

  static async create(folder: string, manifests: string): Promise<DemoRepository> {
    const repository = new DemoRepository(folder);
    await mkdir(folder, { recursive: true });
    await run("git", ["init", "--quiet", "--bare", "--initial-branch=main", repository.bare]);
    await run("git", ["clone", "--quiet", repository.bare, repository.clone]);
    await repository.#git("config", "user.name", "Dana Developer");
    await repository.#git("config", "user.email", "dana@shop.example");
    await repository.#git("config", "commit.gpgsign", "false");
    await repository.#git("checkout", "--quiet", "-B", "main");
    await cp(manifests, join(repository.clone, "manifests"), { recursive: true });
    await repository.#git("add", "--all");
    await repository.#git("commit", "--quiet", "--message", "Shop v1");
    await repository.#git("push", "--quiet", "--set-upstream", "origin", "main");
    return repository;
  }

  /** Changes the version in the Rollout, commits and pushes; the commit's id. */
  async release(from: string, to: string): Promise<string> {
    await this.#git("pull", "--quiet", "--ff-only");
    const path = join(this.clone, "manifests", "rollout.yaml");
    const text = await readFile(path, "utf8");
    const changed = text
      .replace(`image: shop:${from}`, `image: shop:${to}`)
      .replace(`version: ${from}\n`, `version: ${to}\n`);
    if (changed === text) throw new Error(`the manifest doesn't ask for ${from}: did git get another change?`);
    await writeFile(path, changed);
    await this.#git("commit", "--quiet", "--all", "--message", `Shop ${to}`);
    await this.#git("push", "--quiet");
    return this.head();
  }

  /** The tip of the bare repository. */
  async head(): Promise<string> {
    return (await run("git", ["--git-dir", this.bare, "rev-parse", "main"])).stdout.trim();
  }

  /** The commit's message, whole. */
  async message(commit: string): Promise<string> {
    return (await run("git", ["--git-dir", this.bare, "show", "--no-patch", "--format=%B", commit])).stdout.trim();
  }

  /** Which image the tip asks for. */
  async imageAtHead(): Promise<string | undefined> {
    const { stdout } = await run("git", ["--git-dir", this.bare, "show", "main:manifests/rollout.yaml"]);
    return /image: (\S+)/.exec(stdout)?.[1];
  }

  async log(): Promise<string> {
    return (await run("git", ["--git-dir", this.bare, "log", "--oneline", "--no-decorate", "main"])).stdout.trim();
  }

  async #git(...args: string[]): Promise<void> {
    await run("git", args, { cwd: this.clone });
  }
}
