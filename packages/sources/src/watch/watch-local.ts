import { type FSWatcher, watch } from "node:fs";
import { readRefs } from "./refs-fingerprint.ts";

/**
 * Calls `onChange` as soon as a ref of a repository on this machine changes. The folders are also looked at every
 * `pollMillis`, since notifications can be lost (inotify limits, network file systems).
 */
export function watchLocal(gitDir: string, pollMillis: number, onChange: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let known: string | undefined;
  let isStopped = false;
  let isLooking = false;
  let isDue = false;
  const look = async () => {
    if (isLooking) {
      isDue = true;
      return;
    }
    isLooking = true;
    do {
      isDue = false;
      const { fingerprint, folders } = await readRefs(gitDir);
      if (isStopped) return;
      follow(folders);
      const isNews = known !== undefined && known !== fingerprint;
      known = fingerprint;
      if (isNews) onChange();
    } while (isDue);
    isLooking = false;
  };
  const follow = (folders: readonly string[]) => {
    const wanted = new Set(folders);
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, (_event, name) => {
          // Git writes `main.lock` and renames it: only the rename matters. In the git folder itself, objects and
          // index come and go that are no refs.
          if (name?.endsWith(".lock")) return;
          if (folder === gitDir && name !== null && name !== "HEAD" && name !== "packed-refs" && name !== "refs")
            return;
          void look();
        });
        watcher.on("error", () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, watcher);
        // What came between reading the folder and watching it.
        isDue = true;
      } catch {
        // Left to the poll.
      }
    }
  };
  void look();
  const poll = setInterval(() => void look(), pollMillis).unref();
  return () => {
    isStopped = true;
    clearInterval(poll);
    for (const watcher of watchers.values()) watcher.close();
  };
}
