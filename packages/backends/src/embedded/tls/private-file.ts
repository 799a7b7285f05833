import { chmod, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces `path` in one step with mode 0600, so that nobody ever reads half a file or someone else's secret.
 * Throws what the file system throws.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.${process.pid}.partial`;
  const file = await open(partial, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(partial, 0o600); // An earlier partial file may have had another mode.
  await rename(partial, path);
}
