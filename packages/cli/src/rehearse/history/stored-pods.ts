import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pod } from "@sluice/api";
import { createWireClient, loadKubeconfig } from "@sluice/backends/client";
import { openSqlitePersistence } from "@sluice/backends/embedded";
import { readLiveRecord } from "../../state/process-record.ts";
import type { StateFolder } from "../../state/state-folder.ts";

/** All Pods that a Sluice knows: asked of the one that runs, else from a copy of what it left on disk. */
export async function storedPods(state: StateFolder): Promise<readonly Pod[]> {
  if (readLiveRecord(state.controlPlane) === undefined) return leftPods(state);
  const client = createWireClient(await loadKubeconfig(state.kubeconfig));
  try {
    return (await client.list<Pod>({ apiVersion: "v1", kind: "Pod" })).items;
  } finally {
    await client.close();
  }
}

/** A copy, since whoever opens a store locks it and writes. */
async function leftPods({ database }: StateFolder): Promise<readonly Pod[]> {
  if (!existsSync(database)) return [];
  const folder = mkdtempSync(join(tmpdir(), "sluice-store-"));
  try {
    const copy = join(folder, "sluice.db");
    for (const ending of ["", "-wal"])
      if (existsSync(database + ending)) copyFileSync(database + ending, copy + ending);
    const store = openSqlitePersistence(copy);
    const pods = [...(await store.load()).objects].filter(({ kind }) => kind === "Pod") as unknown as readonly Pod[];
    store.close();
    return pods;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
