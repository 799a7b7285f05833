import type { DeleteOptions, KindDefinition, Resource } from "@sluice/api";
import { after, formatInstant, type ResourceKey, seconds } from "@sluice/kernel";
import { conflict, definitionOf, forbidden } from "../refusals.ts";
import { type Located, rowOf, tableOf } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import { hasGeneration, withNextGeneration } from "./generation.ts";
import { ownerOf, withoutOwners } from "./ownership-references.ts";
import type { Rules } from "./rules.ts";

type Propagation = NonNullable<DeleteOptions["propagationPolicy"]>;

const foregroundFinalizer = "foregroundDeletion";

/**
 * Deletes one object and all that follows from it (dependents, a namespace's contents, a custom kind's objects),
 * in the one transaction, so that no crash leaves half of it. Undefined where the object isn't there.
 */
export function deleteObject(
  rules: Rules,
  transaction: Transaction,
  key: ResourceKey,
  options: DeleteOptions,
): Resource | undefined {
  const definition = definitionOf(rules.kinds, key);
  const old = transaction.get(tableOf(key), rowOf(key.namespace, key.name));
  if (old === undefined) return undefined;
  checkPreconditions(definition, old, options);
  if (tableOf(old) === "/Namespace" && old.metadata.name === "default") {
    throw forbidden(definition, old.metadata.name, "this namespace may not be deleted");
  }
  const deletion = new Deletion(rules, transaction);
  const last = deletion.begin(old, options.propagationPolicy ?? "Background", options.gracePeriodSeconds);
  deletion.finish();
  return last;
}

/** An update has taken the last finalizer of an object marked for deletion: it goes now, unless it still holds others. */
export function letGo(rules: Rules, transaction: Transaction, released: Resource): Resource {
  const deletion = new Deletion(rules, transaction);
  const last = deletion.settle(released);
  deletion.finish();
  return last;
}

/** Nothing holds it any more: marked for deletion, without finalizers, its grace period over. */
export const isReleased = ({ metadata }: Resource): boolean =>
  metadata.deletionTimestamp !== undefined &&
  (metadata.finalizers?.length ?? 0) === 0 &&
  (metadata.deletionGracePeriodSeconds ?? 0) === 0;

/** Collects an object that says it is owned, but whose owners are all gone or wait to go with it. */
export function collectIfOrphaned(rules: Rules, transaction: Transaction, { table, row }: Located): void {
  const child = transaction.get(table, row);
  if (child === undefined) return;
  const deletion = new Deletion(rules, transaction);
  deletion.ownersWent(child, new Set());
  deletion.finish();
}

type Work =
  | { readonly do: "collectDependents"; readonly of: string }
  | { readonly do: "releaseOwner"; readonly owner: Located }
  | { readonly do: "emptyContainer"; readonly container: Located };

class Deletion {
  readonly #rules: Rules;
  readonly #transaction: Transaction;
  /** A list of work, not recursion: a chain of owners may be longer than the stack. */
  readonly #work: Work[] = [];
  readonly #containers = new Set<string>();

  constructor(rules: Rules, transaction: Transaction) {
    this.#rules = rules;
    this.#transaction = transaction;
  }

  begin(old: Resource, propagation: Propagation, gracePeriodSeconds: number | undefined): Resource {
    const uid = old.metadata.uid ?? "";
    if (propagation === "Orphan") this.#orphanDependents(uid);
    const grace = graceFor(old, gracePeriodSeconds);
    const foreground = propagation === "Foreground" && this.#transaction.ownedBy(uid).length > 0;
    if (old.metadata.deletionTimestamp !== undefined) {
      // Its dependents may have been let go just now: then it waits for nobody.
      this.#work.push({ do: "releaseOwner", owner: located(old) });
      // Only a shorter grace period changes anything.
      if (grace >= (old.metadata.deletionGracePeriodSeconds ?? 0)) return old;
      return this.settle(this.#marked(old, grace, false));
    }
    const holdsContents = isContainer(old) && this.#contents(old).length > 0;
    const held = (old.metadata.finalizers?.length ?? 0) > 0;
    if (!held && !foreground && !holdsContents && grace === 0) return this.remove(old);
    const marked = this.#transaction.put(this.#marked(old, grace, foreground));
    if (foreground) {
      for (const { table, row } of this.#transaction.ownedBy(uid)) {
        const child = this.#transaction.get(table, row);
        if (child !== undefined) this.#deleteDependent(child, uid, true);
      }
      this.#work.push({ do: "releaseOwner", owner: located(marked) });
    }
    if (holdsContents) {
      for (const item of this.#contents(marked)) {
        const still = this.#transaction.get(tableOf(item), located(item).row);
        if (still !== undefined) this.begin(still, "Background", undefined);
      }
      this.#checkContainer(located(marked));
    }
    return this.#transaction.get(tableOf(marked), located(marked).row) ?? marked;
  }

  remove(object: Resource): Resource {
    const last = this.#transaction.remove(object);
    const { uid, ownerReferences, namespace } = object.metadata;
    if (uid !== undefined) this.#work.push({ do: "collectDependents", of: uid });
    for (const reference of ownerReferences ?? []) {
      const owner = ownerOf(this.#rules.kinds, this.#transaction, object, reference);
      if (owner.is === "there") this.#work.push({ do: "releaseOwner", owner: located(owner.object) });
    }
    if (namespace !== undefined) this.#checkContainer({ table: "/Namespace", row: rowOf(undefined, namespace) });
    const custom = this.#rules.definingObject(object);
    if (custom !== undefined) this.#checkContainer(custom);
    return last;
  }

  finish(): void {
    for (let work = this.#work.pop(); work !== undefined; work = this.#work.pop()) this.#perform(work);
  }

  /** Deletes `child` unless another owner lives on; references to owners that are gone are dropped. */
  ownersWent(child: Resource, gone: ReadonlySet<string>): void {
    const references = child.metadata.ownerReferences ?? [];
    const dead = new Set<string>();
    let alive = false;
    let waiting = false;
    for (const reference of references) {
      const owner = ownerOf(this.#rules.kinds, this.#transaction, child, reference);
      if (gone.has(reference.uid) || owner.is === "gone") dead.add(reference.uid);
      else if (owner.is === "there" && isForeground(owner.object)) waiting = true;
      else alive = true;
    }
    if (dead.size === 0 && !waiting) return;
    if (!alive) this.begin(child, waiting ? "Foreground" : "Background", undefined);
    else if (dead.size > 0) this.#transaction.put(withoutOwners(child, dead));
  }

  #perform(work: Work): void {
    switch (work.do) {
      case "collectDependents":
        for (const { table, row } of this.#transaction.ownedBy(work.of)) {
          const child = this.#transaction.get(table, row);
          if (child !== undefined) this.ownersWent(child, new Set([work.of]));
        }
        return;
      case "releaseOwner":
        this.#releaseOwner(work.owner);
        return;
      case "emptyContainer": {
        this.#containers.delete(`${work.container.table}\u0000${work.container.row}`);
        const container = this.#transaction.get(work.container.table, work.container.row);
        if (container === undefined || !isReleased(container) || this.#contents(container).length > 0) return;
        this.remove(container);
      }
    }
  }

  #releaseOwner({ table, row }: Located): void {
    const owner = this.#transaction.get(table, row);
    if (owner === undefined || !isForeground(owner)) return;
    const uid = owner.metadata.uid ?? "";
    const blocked = this.#transaction.ownedBy(uid).some((dependent) => {
      const child = this.#transaction.get(dependent.table, dependent.row);
      return child?.metadata.ownerReferences?.some((other) => other.uid === uid && other.blockOwnerDeletion === true);
    });
    if (blocked) return;
    const finalizers = owner.metadata.finalizers?.filter((finalizer) => finalizer !== foregroundFinalizer) ?? [];
    this.settle({ ...owner, metadata: { ...owner.metadata, finalizers } });
  }

  #deleteDependent(child: Resource, uid: string, foreground: boolean): void {
    const others = (child.metadata.ownerReferences ?? []).filter((reference) => {
      if (reference.uid === uid) return false;
      const owner = ownerOf(this.#rules.kinds, this.#transaction, child, reference);
      return owner.is === "unknown" || (owner.is === "there" && !isForeground(owner.object));
    });
    if (others.length > 0) this.#transaction.put(withoutOwners(child, new Set([uid])));
    else this.begin(child, foreground ? "Foreground" : "Background", undefined);
  }

  #orphanDependents(uid: string): void {
    for (const { table, row } of this.#transaction.ownedBy(uid)) {
      const child = this.#transaction.get(table, row);
      if (child !== undefined) this.#transaction.put(withoutOwners(child, new Set([uid])));
    }
  }

  /** Stores it, or removes it where nothing holds it any more. */
  settle(object: Resource): Resource {
    return isReleased(object) && !(isContainer(object) && this.#contents(object).length > 0)
      ? this.remove(object)
      : this.#transaction.put(object);
  }

  #marked(old: Resource, grace: number, foreground: boolean): Resource {
    const definition = definitionOf(this.#rules.kinds, old);
    const finalizers = [...(old.metadata.finalizers ?? []), ...(foreground ? [foregroundFinalizer] : [])];
    const marked: Resource = {
      ...old,
      ...(tableOf(old) === "/Namespace" ? { status: { ...(old.status as object), phase: "Terminating" } } : {}),
      metadata: {
        ...old.metadata,
        deletionTimestamp: formatInstant(after(this.#rules.clock.now(), seconds(grace))),
        deletionGracePeriodSeconds: grace,
        ...(finalizers.length === 0 ? {} : { finalizers }),
      },
    };
    return hasGeneration(definition) ? withNextGeneration(marked) : marked;
  }

  #contents(container: Resource): readonly Resource[] {
    if (tableOf(container) !== "/Namespace") {
      const table = this.#rules.definedTable(container);
      return table === undefined ? [] : this.#transaction.table(table).startingWith("");
    }
    const prefix = rowOf(container.metadata.name, "");
    return this.#transaction.tableNames().flatMap((table) => this.#transaction.table(table).startingWith(prefix));
  }

  #checkContainer(container: Located): void {
    const id = `${container.table}\u0000${container.row}`;
    if (this.#containers.has(id)) return;
    const object = this.#transaction.get(container.table, container.row);
    if (object?.metadata.deletionTimestamp === undefined) return;
    this.#containers.add(id);
    // At the bottom of the pile: once for all of its contents.
    this.#work.unshift({ do: "emptyContainer", container });
  }
}

const located = (object: Resource): Located => ({
  table: tableOf(object),
  row: rowOf(object.metadata.namespace, object.metadata.name),
});

const isContainer = (object: Resource): boolean =>
  tableOf(object) === "/Namespace" || tableOf(object) === "apiextensions.k8s.io/CustomResourceDefinition";

export const isForeground = ({ metadata }: Resource): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers?.includes(foregroundFinalizer) ?? false);

/** Pods end gracefully, and only where somebody runs them. */
function graceFor(object: Resource, asked: number | undefined): number {
  if (tableOf(object) !== "/Pod") return 0;
  const { nodeName, terminationGracePeriodSeconds } = (object.spec ?? {}) as {
    nodeName?: string;
    terminationGracePeriodSeconds?: number;
  };
  const { phase } = (object.status ?? {}) as { phase?: string };
  if (nodeName === undefined || nodeName === "" || phase === "Succeeded" || phase === "Failed") return 0;
  return Math.max(0, asked ?? terminationGracePeriodSeconds ?? 30);
}

function checkPreconditions(definition: KindDefinition, old: Resource, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const { metadata } = old;
  const refuse = (what: string, asked: string, found: string | undefined) =>
    conflict(
      definition,
      metadata.name,
      `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${found}`,
    );
  if (uid !== undefined && uid !== metadata.uid) throw refuse("UID", uid, metadata.uid);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw refuse("ResourceVersion", resourceVersion, metadata.resourceVersion);
  }
}
