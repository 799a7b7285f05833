import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const staleMillis = 90_000;

/**
 * After a fetch that failed: takes away what a killed git left behind. Locks nobody can hold any more are removed;
 * a mirror that can't be read is removed whole, since all of it can be fetched again. True where a retry makes sense.
 */
export async function repairMirror(gitDir: string, stderr: string): Promise<boolean> {
  if (/\.lock': File exists|cannot lock ref|Another git process/i.test(stderr)) return removeStaleLocks(gitDir);
  const isBroken =
    /not a git repository|bad object|corrupt|unable to read (sha1|tree)|is empty|index file .* is too small|bad config|invalid object/i;
  if (!isBroken.test(stderr)) return false;
  await rm(gitDir, { recursive: true, force: true });
  return true;
}

async function removeStaleLocks(folder: string): Promise<boolean> {
  let isRemoved = false;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "objects") isRemoved = (await removeStaleLocks(path)) || isRemoved;
    if (!entry.isFile() || !entry.name.endsWith(".lock")) continue;
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || Date.now() - found.mtimeMs < staleMillis) continue;
    await rm(path, { force: true });
    isRemoved = true;
  }
  return isRemoved;
}
