import type { Resource } from "@sluice/api";

export type CollectionState<R extends Resource = Resource> =
  | { readonly is: "loading" }
  | { readonly is: "ready"; readonly items: readonly R[] };

const loading: CollectionState = { is: "loading" };

/** What is known of one kind in one scope. Its state is the same object until something in it changes. */
export class LiveCollection {
  #objects = new Map<string, Resource>();
  /** What came since the present state was asked for; shown only when it is whole. */
  #arriving: Map<string, Resource> | undefined = new Map();
  #state: CollectionState = loading;
  #isStale = false;
  #version: string | undefined;

  /** The version that the server may go on from; undefined when it has to begin again. */
  get resourceVersion(): string | undefined {
    return this.#version;
  }

  /** The server will send the present state; what is shown stays until it is whole. */
  begin(): void {
    this.#arriving = new Map();
  }

  put(object: Resource): void {
    const key = keyOf(object);
    this.#version = this.#arriving === undefined ? object.metadata.resourceVersion : this.#version;
    if (this.#arriving !== undefined) {
      const known = this.#objects.get(key);
      this.#arriving.set(key, known !== undefined && isSameVersion(known, object) ? known : object);
      return;
    }
    this.#objects.set(key, object);
    this.#isStale = true;
  }

  remove(object: Resource): void {
    if (this.#arriving !== undefined) {
      this.#arriving.delete(keyOf(object));
      return;
    }
    this.#version = object.metadata.resourceVersion;
    if (this.#objects.delete(keyOf(object))) this.#isStale = true;
  }

  /** All that there was has come. */
  ready(resourceVersion: string): void {
    this.#version = resourceVersion;
    if (this.#arriving === undefined) return;
    const changed = this.#state.is === "loading" || !isSame(this.#objects, this.#arriving);
    this.#objects = this.#arriving;
    this.#arriving = undefined;
    if (changed) this.#isStale = true;
  }

  reached(resourceVersion: string): void {
    this.#version = resourceVersion;
  }

  /** The version is too old to go on from. */
  forgetVersion(): void {
    this.#version = undefined;
  }

  /** Takes what changed into the state; true when there is something to show. */
  settle(): boolean {
    if (!this.#isStale) return false;
    this.#isStale = false;
    this.#state = { is: "ready", items: [...this.#objects.values()] };
    return true;
  }

  get state(): CollectionState {
    return this.#state;
  }
}

const keyOf = ({ metadata }: Resource): string => `${metadata.namespace ?? ""}/${metadata.name}`;

const isSameVersion = (left: Resource, right: Resource): boolean =>
  left.metadata.uid === right.metadata.uid && left.metadata.resourceVersion === right.metadata.resourceVersion;

function isSame(left: ReadonlyMap<string, Resource>, right: ReadonlyMap<string, Resource>): boolean {
  return left.size === right.size && [...right].every(([key, object]) => left.get(key) === object);
}
