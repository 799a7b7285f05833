import { readdirSync, readFileSync } from "node:fs";

const pageBytes = 4096;

/**
 * Bytes of memory that each process group holds, by the pid of its leader: the resident pages of its processes. One look
 * at the process table for all groups. Undefined on systems without /proc.
 */
export function memoryByGroup(): ReadonlyMap<number, number> | undefined {
  if (process.platform !== "linux") return undefined;
  const groups = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    let stat: string;
    try {
      stat = readFileSync(`/proc/${entry}/stat`, "latin1");
    } catch {
      continue; // it ended meanwhile
    }
    // The command's name stands in parentheses and may hold anything, so count from the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const group = Number(fields[2]);
    groups.set(group, (groups.get(group) ?? 0) + Number(fields[21]) * pageBytes);
  }
  return groups;
}
