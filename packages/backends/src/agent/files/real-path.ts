import { realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";

/** By where the path really leads, links followed. */
export function isBelowAny(path: string, folders: readonly string[]): boolean {
  const real = realOf(path);
  return folders.some((folder) => real === realOf(folder) || real.startsWith(`${realOf(folder)}${sep}`));
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realOf(parent), path.slice(parent.length));
  }
}
