import { createWireClient, loadKubeconfig, type WireClient } from "@sluice/backends/client";
import { Fault } from "@sluice/kernel";
import { type ProcessRecord, readLiveRecord } from "./state/process-record.ts";
import { findStateFolder, type StateFolder, stateFolder } from "./state/state-folder.ts";

/** What every command that talks to a running Sluice takes. */
export interface ConnectionOptions {
  /** The state folder; found upwards from here where absent. */
  readonly data?: string;
  readonly namespace?: string;
}

export interface Connection {
  readonly client: WireClient;
  readonly namespace: string;
  readonly state: StateFolder;
  readonly record: ProcessRecord;
  close(): Promise<void>;
}

/** The state folder that a command means; a Fault that says how to start where there is none. */
export function locateState(data: string | undefined): StateFolder {
  const found = data === undefined ? findStateFolder(process.cwd()) : stateFolder(data);
  if (found !== undefined) return found;
  throw new Fault(
    "unavailable",
    "no Sluice here: there is no .sluice folder in this folder or above. Start one: sluice up",
  );
}

export async function connect(options: ConnectionOptions): Promise<Connection> {
  const state = locateState(options.data);
  const record = readLiveRecord(state.controlPlane);
  if (record === undefined) {
    throw new Fault("unavailable", `Sluice isn't running on ${state.path}. Start it: sluice up --data ${state.path}`);
  }
  const kubeconfig = await loadKubeconfig(state.kubeconfig);
  const client = createWireClient(kubeconfig);
  return {
    client,
    namespace: options.namespace ?? "default",
    state,
    record,
    async close() {
      await client.close();
    },
  };
}
