import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, type KindDefinition, KindRegistry } from "@sluice/api";
import { type Clock, instant, seededRandom } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { createWireClient, type WireClient } from "../../client/index.ts";
import { writeKubeconfig } from "../tls/kubeconfig.ts";
import { serverIdentity } from "../tls/server-identity.ts";
import { createWireServer, type WireServerOptions } from "./wire-server.ts";

export const realClock: Clock = {
  now: () => instant(Date.now()),
  after(wait, task) {
    const timer = setTimeout(task, wait);
    return { cancel: () => clearTimeout(timer) };
  },
};

export interface WireWorld {
  /** Straight to the store. */
  readonly store: Client;
  /** Over the wire. */
  readonly client: WireClient;
  readonly kinds: KindRegistry;
  readonly url: string;
  readonly port: number;
  readonly authority: string;
  readonly token: string;
  readonly folder: string;
  readonly kubeconfig: string;
  openStreams(): number;
  close(): Promise<void>;
}

/** A store behind a real https server on a free port, with a kubeconfig in a folder of its own. */
export async function wireWorld(
  kinds: readonly KindDefinition[],
  options: Partial<WireServerOptions> & { readonly store?: Partial<Parameters<typeof createStore>[0]> } = {},
): Promise<WireWorld> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-wire-"));
  const registry = new KindRegistry(kinds);
  const { store: storeOptions, ...serverOptions } = options;
  const store = await createStore({
    kinds: registry,
    clock: realClock,
    random: seededRandom(Date.now()),
    schedule: setImmediate,
    ...storeOptions,
  });
  const tls = await serverIdentity(join(folder, "tls"), realClock.now());
  const token = "the-admin-token-of-this-test";
  const server = createWireServer({
    client: store.client,
    kinds: registry,
    clock: realClock,
    tls,
    tokens: [
      { name: "admin", token },
      { name: "agent", token: "the-agent-token-of-this-test" },
    ],
    onInternalError: (thrown) => console.error(thrown),
    ...serverOptions,
  });
  const { port, url } = await server.listen(0);
  const kubeconfig = join(folder, "kubeconfig");
  await writeKubeconfig(kubeconfig, { server: url, authority: tls.authority, token });
  const client = createWireClient({ baseUrl: url, ca: tls.authority, token });
  return {
    store: store.client,
    client,
    kinds: registry,
    url,
    port,
    authority: tls.authority,
    token,
    folder,
    kubeconfig,
    openStreams: () => server.openStreams(),
    async close() {
      await client.close();
      await server.close();
      await store.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
