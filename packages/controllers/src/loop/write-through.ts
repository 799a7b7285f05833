import type { Client, Resource } from "@sluice/api";
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
    delete: (key, options) => client.delete(key, options),
    deleteAll: (kind, options) => client.deleteAll(kind, options),
  };
}
