import type { Resource } from "@sluice/api";
import type { ListFilter } from "@sluice/kernel";
import { bucketsOf, bucketsToRead, matches, objectName } from "./index-buckets.ts";

/** What is known of one kind, with an index for each way to list it. Nothing here scans all objects. */
export class KindCache {
  readonly #objects = new Map<string, Resource>();
  readonly #buckets = new Map<string, Map<string, Resource>>();
  /** All of them in order, until one changes. */
  #all: readonly Resource[] | undefined;

  get size(): number {
    return this.#objects.size;
  }

  names(): IterableIterator<string> {
    return this.#objects.keys();
  }

  get(namespace: string | undefined, name: string): Resource | undefined {
    return this.#objects.get(objectName(namespace, name));
  }

  /** The same array again where it is asked for all, and nothing has changed. */
  list(filter: ListFilter | undefined): readonly Resource[] {
    const buckets = bucketsToRead(filter);
    if (buckets[0] !== "*") return this.#found(buckets, filter);
    this.#all ??= this.#found(buckets, filter);
    return this.#all;
  }

  #found(buckets: readonly string[], filter: ListFilter | undefined): readonly Resource[] {
    const found: Resource[] = [];
    for (const name of buckets) {
      for (const resource of this.#buckets.get(name)?.values() ?? [])
        if (matches(resource, filter)) found.push(resource);
    }
    return found.length > 1 ? found.sort(byNamespaceAndName) : found;
  }

  /** The state before; the same object back means that nothing was newer. */
  set(resource: Resource): Resource | undefined {
    const name = objectName(resource.metadata.namespace, resource.metadata.name);
    const before = this.#objects.get(name);
    if (before !== undefined && !isNewer(resource, before)) return resource;
    if (before !== undefined) this.#unindex(name, before);
    this.#all = undefined;
    this.#objects.set(name, resource);
    for (const bucket of bucketsOf(resource)) {
      const members = this.#buckets.get(bucket);
      if (members === undefined) this.#buckets.set(bucket, new Map([[name, resource]]));
      else members.set(name, resource);
    }
    return before;
  }

  /** What stood there; undefined where nothing did, or where what stands there is another, younger object. */
  delete(resource: Resource): Resource | undefined {
    const name = objectName(resource.metadata.namespace, resource.metadata.name);
    const before = this.#objects.get(name);
    if (before === undefined || before.metadata.uid !== resource.metadata.uid) return undefined;
    this.#objects.delete(name);
    this.#all = undefined;
    this.#unindex(name, before);
    return before;
  }

  #unindex(name: string, resource: Resource): void {
    for (const bucket of bucketsOf(resource)) {
      const members = this.#buckets.get(bucket);
      members?.delete(name);
      if (members?.size === 0) this.#buckets.delete(bucket);
    }
  }
}

// Kubernetes guarantees since 1.35 that resourceVersions of one kind compare as integers.
const isNewer = (a: Resource, b: Resource): boolean =>
  Number(a.metadata.resourceVersion) > Number(b.metadata.resourceVersion);

function byNamespaceAndName(a: Resource, b: Resource): number {
  const left = a.metadata.namespace ?? "";
  const right = b.metadata.namespace ?? "";
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
