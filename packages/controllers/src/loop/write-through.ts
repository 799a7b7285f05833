import type { Client, DeleteOptions, Resource } from "@sluice/api";
import type { ResourceKey } from "@sluice/kernel";
import type { ResourceCache } from "./resource-cache.ts";

/** The same client, telling the cache what each write answered. */
export function writeThrough(client: Client, cache: ResourceCache): Client {
  const learned = async <R extends Resource>(isDryRun: boolean | undefined, write: Promise<R>): Promise<R> => {
    const answer = await write;
    if (!isDryRun) cache.learn(answer);
    return answer;
  };
  return {
    get: (key, options) => client.get(key, options),
    list: (kind, options) => client.list(kind, options),
    watch: (kind, options) => client.watch(kind, options),
    create: (object, options) => learned(options?.dryRun, client.create(object, options)),
    update: (object, options) => learned(options?.dryRun, client.update(object, options)),
    patch: (key, patch, options) => learned(options?.dryRun, client.patch(key, patch, options)),
    delete: async <R extends Resource>(key: ResourceKey, options?: DeleteOptions) => {
      const answer = await client.delete<R>(key, options);
      // Marked for deletion; some servers answer nothing of what is gone, which only the watch tells.
      const isMarked = answer?.metadata.deletionTimestamp !== undefined;
      if (isMarked && !options?.dryRun) cache.learn(answer);
      return answer;
    },
    deleteAll: (kind, options) => client.deleteAll(kind, options),
  };
}
