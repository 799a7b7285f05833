import { request as httpsRequest } from "node:https";
import { createWireClient, type KubeCredentials, loadKubeconfig } from "@sluice/backends/client";
import type { Client } from "@sluice/api";
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
  readonly client: Client;
  readonly namespace: string;
  readonly state: StateFolder;
  readonly record: ProcessRecord;
  /** For what the Client contract doesn't have: logs, metrics. Streams the body. */
  stream(path: string): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** The state folder that a command means; a Fault that says how to start where there is none. */
export function locateState(data: string | undefined): StateFolder {
  const found = data === undefined ? findStateFolder(process.cwd()) : stateFolder(data);
  if (found !== undefined) return found;
  throw new Fault("unavailable", "no Sluice here: there is no .sluice folder in this folder or above. Start one: sluice up");
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
    stream: (path) => streamFrom(kubeconfig, path),
    async close() {
      await client.close();
    },
  };
}

async function* streamFrom({ baseUrl, ca, token }: KubeCredentials, path: string): AsyncGenerator<Uint8Array> {
  const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
    const request = httpsRequest(new URL(path, baseUrl), { ca, headers: { authorization: `Bearer ${token}` } }, resolve);
    request.on("error", (cause) => reject(new Fault("unavailable", `Sluice doesn't answer: ${cause.message}`, { cause })));
    request.end();
  });
  if (response.statusCode === 200) {
    yield* response as AsyncIterable<Uint8Array>;
    return;
  }
  let text = "";
  for await (const chunk of response) text += String(chunk);
  throw new Fault("invalid", statusMessage(text) ?? `the API answered ${response.statusCode}`);
}

function statusMessage(text: string): string | undefined {
  try {
    const status = JSON.parse(text) as { message?: string };
    return status.message;
  } catch {
    return undefined;
  }
}
