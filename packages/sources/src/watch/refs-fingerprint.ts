import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

const refsMax = 20_000;

/** Every folder that refs lie in, and a text that differs whenever a ref does. */
export async function readRefs(
  gitDir: string,
): Promise<{ readonly fingerprint: string; readonly folders: readonly string[] }> {
  const folders: string[] = [gitDir];
  const parts: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (parts.length > refsMax) return;
    folders.push(folder);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (!entry.name.endsWith(".lock")) parts.push(`${path} ${await readFile(path, "utf8").catch(() => "")}`);
    }
  };
  await walk(join(gitDir, "refs"));
  parts.push(await readFile(join(gitDir, "HEAD"), "utf8").catch(() => ""));
  for (const name of ["packed-refs", "reftable/tables.list"]) {
    const found = await stat(join(gitDir, name)).catch(() => undefined);
    if (found !== undefined) parts.push(`${name} ${found.mtimeMs} ${found.size} ${found.ino}`);
  }
  const reftable = join(gitDir, "reftable");
  if ((await stat(reftable).catch(() => undefined))?.isDirectory()) folders.push(reftable);
  return { fingerprint: parts.join("\n"), folders };
}
