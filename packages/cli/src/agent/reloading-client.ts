import { readFileSync } from "node:fs";
import type { Client } from "@sluice/api";
import { createWireClient, loadKubeconfig, type WireClient } from "@sluice/backends/client";
import { isFault } from "@sluice/kernel";

/**
 * A client by a kubeconfig that may change: a control plane that comes back on another port writes it anew. Looked at
 * again whenever the API couldn't be reached.
 */
export async function reloadingClient(path: string): Promise<Client> {
  let text = readFileSync(path, "utf8");
  let current: WireClient = createWireClient(await loadKubeconfig(path));

  const reload = async (): Promise<void> => {
    const next = readFileSync(path, "utf8");
    if (next === text) return;
    const before = current;
    current = createWireClient(await loadKubeconfig(path));
    text = next;
    await before.close();
  };
  const reach = async <T>(call: (client: Client) => Promise<T>): Promise<T> => {
    try {
      return await call(current);
    } catch (thrown) {
      if (isFault(thrown) && thrown.kind === "unavailable") await reload().catch(() => {});
      throw thrown;
    }
  };
  return {
    get: (key, options) => reach((client) => client.get(key, options)),
    list: (kind, options) => reach((client) => client.list(kind, options)),
    create: (object, options) => reach((client) => client.create(object, options)),
    update: (object, options) => reach((client) => client.update(object, options)),
    patch: (key, patch, options) => reach((client) => client.patch(key, patch, options)),
    delete: (key, options) => reach((client) => client.delete(key, options)),
    deleteAll: (kind, options) => reach((client) => client.deleteAll(kind, options)),
    watch(kind, options) {
      const watch = current.watch<never>(kind, options);
      return {
        stop: () => watch.stop(),
        async *[Symbol.asyncIterator]() {
          try {
            yield* watch;
          } catch (thrown) {
            await reload().catch(() => {});
            throw thrown;
          }
        },
      };
    },
  };
}
