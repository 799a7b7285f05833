import { lstatSync, mkdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

const linksMax = 40;

/**
 * Where `path` of a container's file system lies under `root`, every symbolic link on the way read as a chroot would:
 * absolute targets start at the root, `..` stops there. What isn't there is taken as it is named. Undefined on a loop.
 * With `followLast: false` the last part is named, not followed.
 */
export function resolveInRoot(root: string, path: string, { followLast = true } = {}): string | undefined {
  const pending = path.split("/").filter((part) => part !== "" && part !== ".");
  const walked: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const part = pending.shift() as string;
    if (part === ".") continue;
    if (part === "..") {
      walked.pop();
      continue;
    }
    const here = join(root, ...walked, part);
    const target = followLast || pending.length > 0 ? linkTarget(here) : undefined;
    if (target === undefined) {
      walked.push(part);
      continue;
    }
    links++;
    if (links > linksMax) return undefined;
    if (target.startsWith("/")) walked.length = 0;
    pending.unshift(...target.split("/").filter((step) => step !== "" && step !== "."));
  }
  return join(root, ...walked);
}

/** Makes the folder, and those above it, without leaving the root. */
export function makeFolderInRoot(root: string, path: string): string | undefined {
  const folder = resolveInRoot(root, path);
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  return folder;
}

/** True for a relative path that names something below its folder: no `..`, not absolute, not empty. */
export const isBelow = (path: string): boolean =>
  path !== "" && !path.startsWith("/") && !path.includes("\0") && !path.split("/").includes("..");

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
