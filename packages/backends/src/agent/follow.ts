import { type Client, hasReason, type Resource, type Watch } from "@sluice/api";
import { type Clock, type KindKey, millis, seconds } from "@sluice/kernel";

export interface FollowOptions<R extends Resource> {
  readonly client: Client;
  readonly clock: Clock;
  readonly kind: KindKey;
  readonly onChange: (resource: R, isGone: boolean) => void;
  readonly onSynced?: () => void;
  readonly onFault?: (thrown: unknown) => void;
}

/** All objects of a kind as last heard of, kept while the control plane is away. */
export class Followed<R extends Resource> {
  readonly #options: FollowOptions<R>;
  readonly #objects = new Map<string, R>();
  #watch: Watch<R> | undefined;
  #isSynced = false;
  #isStopped = false;

  constructor(options: FollowOptions<R>) {
    this.#options = options;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get(namespace: string | undefined, name: string): R | undefined {
    return this.#objects.get(nameOf(namespace, name));
  }

  all(): Iterable<R> {
    return this.#objects.values();
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#isStopped = true;
    this.#watch?.stop();
  }

  async #follow(): Promise<void> {
    const { client, clock, kind, onFault } = this.#options;
    let resourceVersion: string | undefined;
    let failures = 0;
    while (!this.#isStopped) {
      const seen = resourceVersion === undefined ? new Set<string>() : undefined;
      try {
        const from = resourceVersion === undefined ? { sendInitialEvents: true } : { resourceVersion };
        const watch = client.watch<R>(kind, { allowBookmarks: true, ...from });
        this.#watch = watch;
        for await (const event of watch) {
          failures = 0;
          if (event.type === "BOOKMARK") {
            resourceVersion = event.resourceVersion;
            if (event.initialEventsEnd === true) this.#finishList(seen);
            continue;
          }
          const { object } = event;
          // Until the list is complete a broken watch must list again: its first versions aren't in order.
          if (resourceVersion !== undefined) resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
          seen?.add(nameOf(object.metadata.namespace, object.metadata.name));
          this.#set(object, event.type === "DELETED");
        }
      } catch (thrown) {
        if (hasReason(thrown, "Expired") || hasReason(thrown, "Gone")) resourceVersion = undefined;
        failures++;
        if (failures === 1) onFault?.(thrown);
      }
      if (this.#isStopped) return;
      const wait = failures === 0 ? millis(10) : millis(Math.min(seconds(1), 25 * 2 ** failures));
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
  }

  #finishList(seen: ReadonlySet<string> | undefined): void {
    if (seen !== undefined) {
      for (const [name, object] of this.#objects) if (!seen.has(name)) this.#set(object, true);
    }
    this.#isSynced = true;
    this.#options.onSynced?.();
  }

  #set(object: R, isGone: boolean): void {
    const name = nameOf(object.metadata.namespace, object.metadata.name);
    if (isGone) this.#objects.delete(name);
    else this.#objects.set(name, object);
    this.#options.onChange(object, isGone);
  }
}

const nameOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;
