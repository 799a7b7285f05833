import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Pod } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import { readJson, writeJson } from "../files/atomic.ts";
import type { MappedPort } from "../network/port-map.ts";

/** What the agent decided for a Pod, and the Pod as last heard of. Written before anything runs. */
export interface PodRecord {
  readonly pod: Pod;
  readonly podIP: string;
  readonly ports: readonly MappedPort[];
  readonly startedAt: Instant;
}

/** The folders of one Pod: `<state>/pods/<uid>`. */
export class PodFolder {
  readonly path: string;

  constructor(stateFolder: string, uid: string) {
    this.path = join(stateFolder, "pods", uid);
  }

  container(name: string): string {
    return join(this.path, "containers", name);
  }

  run(container: string, attempt: number): string {
    return join(this.container(container), String(attempt));
  }

  /** The container's file system: SLUICE_POD_ROOT. */
  root(container: string, attempt: number): string {
    return join(this.run(container, attempt), "root");
  }

  volume(name: string): string {
    return join(this.path, "volumes", name);
  }

  read(): PodRecord | undefined {
    return readJson<PodRecord>(join(this.path, "pod.json"));
  }

  write(record: PodRecord): void {
    const { managedFields: _, ...metadata } = record.pod.metadata;
    writeJson(join(this.path, "pod.json"), { ...record, pod: { ...record.pod, metadata } });
  }
}

/** Names become folders: only what Kubernetes allows is let through, whoever let it in. */
export const isSafeName = (name: string): boolean =>
  /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name) && !name.includes("..");
export const isSafeUid = (uid: string): boolean => /^[A-Za-z0-9-]{1,64}$/.test(uid);

/** The same for the same run, so that a start that is tried twice is one; another for another state folder. */
export const containerIdOf = (folder: PodFolder, container: string, attempt: number): string =>
  createHash("sha256").update(folder.run(container, attempt)).digest("hex");
