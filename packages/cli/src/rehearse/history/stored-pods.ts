import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pod, ReplicaSet } from "@sluice/api";
import { createWireClient, loadKubeconfig } from "@sluice/backends/client";
import { openSqlitePersistence } from "@sluice/backends/embedded";
import { readLiveRecord } from "../../state/process-record.ts";
import type { StateFolder } from "../../state/state-folder.ts";

/** What tells how long Pods took to be ready: those that stand, and what was noted of earlier versions. */
export interface StoredPods {
  readonly pods: readonly Pod[];
  readonly replicaSets: readonly ReplicaSet[];
}

/** All that a Sluice knows: asked of the one that runs, else from a copy of what it left on disk. */
export async function storedPods(state: StateFolder): Promise<StoredPods> {
  if (readLiveRecord(state.controlPlane) === undefined) return leftPods(state);
  const client = createWireClient(await loadKubeconfig(state.kubeconfig));
  try {
    const pods = await client.list<Pod>({ apiVersion: "v1", kind: "Pod" });
    const replicaSets = await client.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" });
    return { pods: pods.items, replicaSets: replicaSets.items };
  } finally {
    await client.close();
  }
}

/** A copy, since whoever opens a store locks it and writes. */
async function leftPods({ database }: StateFolder): Promise<StoredPods> {
  if (!existsSync(database)) return { pods: [], replicaSets: [] };
  const folder = mkdtempSync(join(tmpdir(), "sluice-store-"));
  try {
    const copy = join(folder, "sluice.db");
    for (const ending of ["", "-wal"])
      if (existsSync(database + ending)) copyFileSync(database + ending, copy + ending);
    const store = openSqlitePersistence(copy);
    try {
      const objects = [...(await store.load()).objects];
      const of = (wanted: string) => objects.filter(({ kind }) => kind === wanted) as readonly unknown[];
      return { pods: of("Pod") as readonly Pod[], replicaSets: of("ReplicaSet") as readonly ReplicaSet[] };
    } finally {
      store.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
