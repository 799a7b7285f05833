import { type Client, hasReason, type Resource, type Watch, type WatchEvent } from "@sluice/api";
import { type Clock, type KindKey, type ListFilter, millis, type ResourceKey, sameJson, seconds } from "@sluice/kernel";
import { bucketsOf, kindName, objectName } from "./index-buckets.ts";
import { KindCache } from "./kind-cache.ts";

/** Something of a kind changed: which object, and every bucket it stood in before or stands in now. */
export interface CacheChange {
  readonly kind: string;
  readonly object: string;
  readonly resource: Resource;
  readonly isGone: boolean;
  /** Labels and annotations are what they were: all that changed is elsewhere. */
  readonly isMetadataSame: boolean;
  /** Of the first list of its kind, which isn't over: whoever reads the kind waits for its end and sees this then. */
  readonly isFirstList: boolean;
  readonly buckets: readonly string[];
}

export interface ResourceCacheOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Holds news back, for the law that stale reads change nothing in the end. Default: at once. */
  readonly deliver?: (apply: () => void) => void;
}

interface Informer {
  readonly objects: KindCache;
  /** All that happened up to this revision is known: what isn't there was gone by then. Undefined before the first list. */
  knownUpTo: number | undefined;
  readonly synced: Promise<void>;
  isSynced: boolean;
  watch: Watch | undefined;
}

/** Lists and watches each kind once, however many reconcilers read it. */
export class ResourceCache {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #deliver: (apply: () => void) => void;
  readonly #informers = new Map<string, Informer>();
  readonly #listeners = new Set<(change: CacheChange) => void>();
  #stopped = false;

  constructor({ client, clock, deliver }: ResourceCacheOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#deliver = deliver ?? ((apply) => apply());
  }

  onChange(listener: (change: CacheChange) => void): void {
    this.#listeners.add(listener);
  }

  get(key: ResourceKey): Promise<Resource | undefined> {
    return this.#read(key, (objects) => objects.get(key.namespace, key.name));
  }

  list(kind: KindKey, filter?: ListFilter): Promise<readonly Resource[]> {
    return this.#read(kind, (objects) => objects.list(filter));
  }

  /** With no turn in between where the kind is listed, which but at the start is always so. */
  #read<Read>(kind: KindKey, from: (objects: KindCache) => Read): Promise<Read> {
    const { objects, isSynced, synced } = this.#informer(kind);
    return isSynced ? Promise.resolve(from(objects)) : synced.then(() => from(objects));
  }

  /**
   * Takes in what a write of ours answered, ahead of the watch: read your own writes. An answer may also come behind it,
   * when somebody has deleted the object since: nothing would ever take that out again.
   */
  learn(resource: Resource): void {
    const { namespace, name, resourceVersion } = resource.metadata;
    const informer = this.#informers.get(kindName(resource));
    if (informer === undefined) return;
    const isGone =
      informer.objects.get(namespace, name) === undefined && Number(resourceVersion) <= (informer.knownUpTo ?? 0);
    if (!isGone) this.#set(kindName(resource), informer, resource);
  }

  stop(): void {
    this.#stopped = true;
    for (const informer of this.#informers.values()) informer.watch?.stop();
  }

  #informer(kind: KindKey): Informer {
    const name = kindName(kind);
    const known = this.#informers.get(name);
    if (known !== undefined) return known;
    let markSynced = () => {};
    const synced = new Promise<void>((resolve) => {
      markSynced = resolve;
    });
    const informer = { objects: new KindCache(), knownUpTo: undefined, synced, isSynced: false, watch: undefined };
    this.#informers.set(name, informer);
    void this.#follow(kind, informer, markSynced);
    return informer;
  }

  async #follow(kind: KindKey, informer: Informer, markSynced: () => void): Promise<void> {
    const name = kindName(kind);
    const listed = () => {
      informer.isSynced = true;
      markSynced();
    };
    let resourceVersion: string | undefined;
    let failures = 0;
    while (!this.#stopped) {
      const seen = resourceVersion === undefined ? new Set<string>() : undefined;
      try {
        const watch = this.#client.watch(kind, {
          allowBookmarks: true,
          ...(resourceVersion === undefined ? { sendInitialEvents: true } : { resourceVersion }),
        });
        informer.watch = watch;
        let isListed = resourceVersion !== undefined;
        for await (const event of watch) {
          failures = 0;
          isListed ||= event.type === "BOOKMARK" && event.initialEventsEnd === true;
          // One that breaks in the middle of its list begins anew: going on from there the rest of it would never come.
          if (isListed) resourceVersion = versionOf(event) ?? resourceVersion;
          const knownUpTo = isListed ? Number(versionOf(event)) : undefined;
          if (event.type === "BOOKMARK") {
            this.#deliver(() => this.#know(informer, knownUpTo));
            if (event.initialEventsEnd) this.#deliver(() => this.#forgetUnseen(name, informer, seen));
            if (event.initialEventsEnd) this.#deliver(listed);
            continue;
          }
          const { type, object } = event;
          seen?.add(objectName(object.metadata.namespace, object.metadata.name));
          this.#deliver(() => {
            this.#know(informer, knownUpTo);
            if (type === "DELETED") this.#delete(name, informer, object);
            else this.#set(name, informer, object);
          });
        }
      } catch (thrown) {
        if (hasReason(thrown, "Expired") || hasReason(thrown, "Gone")) resourceVersion = undefined;
        // A kind that isn't served holds nothing; its CustomResourceDefinition may come later.
        if (hasReason(thrown, "NotFound")) this.#deliver(listed);
        failures++;
      }
      if (this.#stopped) return;
      const wait = failures === 0 ? millis(0) : millis(Math.min(seconds(5), 50 * 2 ** failures));
      await new Promise<void>((resolve) => this.#clock.after(wait, resolve));
    }
  }

  #know(informer: Informer, upTo: number | undefined): void {
    if (upTo !== undefined) informer.knownUpTo = Math.max(informer.knownUpTo ?? 0, upTo);
  }

  #forgetUnseen(kind: string, informer: Informer, seen: ReadonlySet<string> | undefined): void {
    if (seen === undefined) return;
    for (const resource of informer.objects.list(undefined)) {
      if (!seen.has(nameOf(resource))) this.#delete(kind, informer, resource);
    }
  }

  #set(kind: string, { objects, isSynced }: Informer, resource: Resource): void {
    const before = objects.set(resource);
    if (before === resource) return;
    const own = bucketsOf(resource);
    const buckets = before === undefined ? own : [...new Set([...bucketsOf(before), ...own])];
    const isMetadataSame = before !== undefined && hasSameMetadata(before, resource);
    const isFirstList = !isSynced;
    this.#tell({ kind, object: nameOf(resource), resource, isGone: false, isMetadataSame, isFirstList, buckets });
  }

  #delete(kind: string, { objects, isSynced }: Informer, resource: Resource): void {
    const before = objects.delete(resource);
    if (before === undefined) return;
    const [buckets, isFirstList] = [bucketsOf(before), !isSynced];
    this.#tell({ kind, object: nameOf(resource), resource, isGone: true, isMetadataSame: false, isFirstList, buckets });
  }

  #tell(change: CacheChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

const nameOf = ({ metadata }: Resource): string => objectName(metadata.namespace, metadata.name);

const hasSameMetadata = ({ metadata: a }: Resource, { metadata: b }: Resource): boolean =>
  a.uid === b.uid && sameJson(a.labels, b.labels) && sameJson(a.annotations, b.annotations);

const versionOf = (event: WatchEvent): string | undefined =>
  event.type === "BOOKMARK" ? event.resourceVersion : event.object.metadata.resourceVersion;
