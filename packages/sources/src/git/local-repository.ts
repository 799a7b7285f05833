import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Fault } from "@sluice/kernel";

/** Where a repository on this machine keeps its refs (`gitDir` is the common one of all its worktrees). */
export async function findGitDir(path: string): Promise<string> {
  if (await isGitDir(path)) return path;
  const dotGit = join(path, ".git");
  if (await isGitDir(dotGit)) return dotGit;
  const pointer = /^gitdir: (.+)$/m.exec(await readFile(dotGit, "utf8").catch(() => ""))?.[1];
  if (pointer !== undefined) {
    const gitDir = resolve(path, pointer.trim());
    const common = await readFile(join(gitDir, "commondir"), "utf8").catch(() => undefined);
    const found = common === undefined ? gitDir : resolve(gitDir, common.trim());
    if (await isGitDir(found)) return found;
  }
  throw new Fault("invalid", `${path} is no git repository`);
}

async function isGitDir(path: string): Promise<boolean> {
  try {
    const [head, objects] = await Promise.all([stat(join(path, "HEAD")), stat(join(path, "objects"))]);
    return head.isFile() && objects.isDirectory();
  } catch {
    return false;
  }
}
