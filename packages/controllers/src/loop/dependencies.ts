import type { KindKey, ListFilter, Reader, ResourceKey, TaskState, Tasks } from "@sluice/kernel";
import { bucketsToRead, kindName, objectName } from "./index-buckets.ts";
import type { CacheChange, ResourceCache } from "./resource-cache.ts";

/** Who read what: a change wakes exactly its readers. */
export class Dependencies {
  readonly #readers = new Map<string, Set<string>>();
  readonly #read = new Map<string, ReadonlySet<string>>();

  /** For one look of `work`: adds to what it depends on, at the moment of reading, so that a change right after isn't missed. */
  adding(work: string): (dependency: string) => void {
    const known = this.#read.get(work);
    return (dependency) => {
      // What the look before has read still wakes it, and most often that is all.
      if (known?.has(dependency)) return;
      const readers = this.#readers.get(dependency);
      if (readers === undefined) this.#readers.set(dependency, new Set([work]));
      else readers.add(work);
    };
  }

  /** Replaces what `work` depends on; all of `read` was added before. */
  record(work: string, read: ReadonlySet<string>): void {
    const before = this.#read.get(work);
    for (const dependency of before ?? []) if (!read.has(dependency)) this.#remove(dependency, work);
    this.#read.set(work, read);
  }

  /** Forgets `work`; returns the ids of the tasks that it read. */
  forget(work: string): string[] {
    const read = this.#read.get(work) ?? new Set<string>();
    for (const dependency of read) this.#remove(dependency, work);
    this.#read.delete(work);
    return [...read].filter((dependency) => dependency.startsWith("t|")).map((dependency) => dependency.slice(2));
  }

  readersOf(dependency: string): Iterable<string> {
    return this.#readers.get(dependency) ?? [];
  }

  *readersOfChange({ kind, object, buckets, isMetadataSame }: CacheChange): Generator<string> {
    yield* this.readersOf(`k|${kind}|${object}`);
    for (const bucket of buckets) {
      yield* this.readersOf(`l|${kind}|${bucket}`);
      if (!isMetadataSame) yield* this.readersOf(`m|${kind}|${bucket}`);
    }
  }

  #remove(dependency: string, work: string): void {
    const readers = this.#readers.get(dependency);
    readers?.delete(work);
    if (readers?.size === 0) this.#readers.delete(dependency);
  }
}

export const taskDependency = (id: string): string => `t|${id}`;

/** A reader that notes everything it was asked. */
export class RecordingReader implements Reader {
  readonly read = new Set<string>();
  readonly #cache: ResourceCache;
  readonly #tasks: Tasks;
  readonly #onRead: (dependency: string) => void;

  constructor(cache: ResourceCache, tasks: Tasks, onRead: (dependency: string) => void) {
    this.#cache = cache;
    this.#tasks = tasks;
    this.#onRead = onRead;
  }

  get<R>(key: ResourceKey): Promise<R | undefined> {
    this.#note(`k|${kindName(key)}|${objectName(key.namespace, key.name)}`);
    return this.#cache.get(key) as Promise<R | undefined>;
  }

  list<R>(kind: KindKey, filter?: ListFilter): Promise<readonly R[]> {
    const letter = filter?.reads === "metadata" ? "m" : "l";
    for (const bucket of bucketsToRead(filter)) this.#note(`${letter}|${kindName(kind)}|${bucket}`);
    return this.#cache.list(kind, filter) as Promise<readonly R[]>;
  }

  task<Result>(id: string): TaskState<Result> {
    this.#note(taskDependency(id));
    return this.#tasks.state<Result>(id);
  }

  #note(dependency: string): void {
    if (this.read.has(dependency)) return;
    this.read.add(dependency);
    this.#onRead(dependency);
  }
}
