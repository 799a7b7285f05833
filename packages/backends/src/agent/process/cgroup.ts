import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Limits {
  readonly memoryBytes?: number;
  /** 1 is one core. */
  readonly cpus?: number;
}

/** Holds containers to their limits, where this system lets us. */
export interface Limiter {
  readonly mechanism: "cgroup v2" | "cgroup v1" | "none";
  /** Why there is none, or what is enforced. */
  readonly because: string;
  /** Makes the groups of one run; returns the `cgroup.procs` files to join. Nothing to limit: none. */
  prepare(containerId: string, limits: Limits): string[];
  /** True where the kernel killed one of its processes for memory. */
  wasOutOfMemory(containerId: string): boolean;
  remove(containerId: string): void;
  /** Removes what stands empty; what holds processes stays. */
  close(): void;
}

const cgroupRoot = "/sys/fs/cgroup";
const periodMicros = 100_000;

/** Probes once, at the start, by making the groups that everything of this state folder lives under. */
export function createLimiter(name: string, root = cgroupRoot): Limiter {
  if (process.platform !== "linux") return noLimiter(`${process.platform} has no cgroups`);
  return createV2(name, root) ?? createV1(name, root) ?? noLimiter("no cgroup hierarchy can be written");
}

function noLimiter(because: string): Limiter {
  return {
    mechanism: "none",
    because,
    prepare: () => [],
    wasOutOfMemory: () => false,
    remove: () => {},
    close: () => {},
  };
}

function createV2(name: string, root: string): Limiter | undefined {
  const parent = join(root, name);
  try {
    const controllers = readFileSync(join(root, "cgroup.controllers"), "utf8").split(/\s+/);
    if (!controllers.includes("memory") || !controllers.includes("cpu")) return undefined;
    writeFileSync(join(root, "cgroup.subtree_control"), "+memory +cpu");
    mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, "cgroup.subtree_control"), "+memory +cpu");
  } catch {
    return undefined;
  }
  return {
    mechanism: "cgroup v2",
    because: "memory and cpu limits are enforced",
    prepare(containerId, { memoryBytes, cpus }) {
      if (memoryBytes === undefined && cpus === undefined) return [];
      const group = join(parent, containerId);
      mkdirSync(group, { recursive: true });
      if (memoryBytes !== undefined) {
        writeFileSync(join(group, "memory.max"), String(Math.floor(memoryBytes)));
        tryWrite(join(group, "memory.swap.max"), "0");
      }
      if (cpus !== undefined) writeFileSync(join(group, "cpu.max"), `${quota(cpus)} ${periodMicros}`);
      return [join(group, "cgroup.procs")];
    },
    wasOutOfMemory: (containerId) => /^oom_kill [1-9]/m.test(tryRead(join(parent, containerId, "memory.events"))),
    remove: (containerId) => tryRemove(join(parent, containerId)),
    close: () => tryRemove(parent),
  };
}

function createV1(name: string, root: string): Limiter | undefined {
  const memory = join(root, "memory", name);
  const cpu = join(root, "cpu", name);
  try {
    if (!existsSync(join(root, "memory/memory.limit_in_bytes"))) return undefined;
    mkdirSync(memory, { recursive: true });
    mkdirSync(cpu, { recursive: true });
  } catch {
    return undefined;
  }
  return {
    mechanism: "cgroup v1",
    because: "memory and cpu limits are enforced",
    prepare(containerId, { memoryBytes, cpus }) {
      const files: string[] = [];
      if (memoryBytes !== undefined) {
        const group = join(memory, containerId);
        mkdirSync(group, { recursive: true });
        writeFileSync(join(group, "memory.limit_in_bytes"), String(Math.floor(memoryBytes)));
        tryWrite(join(group, "memory.memsw.limit_in_bytes"), String(Math.floor(memoryBytes)));
        files.push(join(group, "cgroup.procs"));
      }
      if (cpus !== undefined) {
        const group = join(cpu, containerId);
        mkdirSync(group, { recursive: true });
        writeFileSync(join(group, "cpu.cfs_period_us"), String(periodMicros));
        writeFileSync(join(group, "cpu.cfs_quota_us"), String(quota(cpus)));
        files.push(join(group, "cgroup.procs"));
      }
      return files;
    },
    wasOutOfMemory: (containerId) => /^oom_kill [1-9]/m.test(tryRead(join(memory, containerId, "memory.oom_control"))),
    remove(containerId) {
      tryRemove(join(memory, containerId));
      tryRemove(join(cpu, containerId));
    },
    close() {
      tryRemove(memory);
      tryRemove(cpu);
    },
  };
}

/** The kernel takes no less than a millisecond a period. */
const quota = (cpus: number): number => Math.max(1000, Math.round(cpus * periodMicros));

function tryWrite(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch {
    // Swap accounting is often off; the limit on memory alone stands.
  }
}

function tryRead(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** A group goes only when it is empty; the next clean-up gets what stays. */
function tryRemove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Gone, or not empty yet.
  }
}

/** Removes groups whose containers are gone. */
export function removeOrphanedGroups(name: string, isKnown: (containerId: string) => boolean, root = cgroupRoot): void {
  for (const parent of [join(root, name), join(root, "memory", name), join(root, "cpu", name)]) {
    if (!existsSync(parent)) continue;
    for (const entry of readdirSync(parent, { withFileTypes: true })) {
      if (entry.isDirectory() && !isKnown(basename(entry.name))) tryRemove(join(parent, entry.name));
    }
  }
}
