import type { KindDefinition, ListOptions, Resource, ResourceList } from "@sluice/api";
import { badRequest, expired } from "../refusals.ts";
import { rowOf, type State, type TableName } from "../state.ts";
import { decodePageStart, encodePageStart } from "./continue-token.ts";
import { type Selection, selectionOf } from "./selection.ts";

/** The states that unfinished pagings read from: a few, and none older than the watches' window. */
export class Snapshots {
  readonly #states = new Map<number, State>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  keep(state: State): void {
    this.#states.delete(state.revision);
    this.#states.set(state.revision, state);
    for (const revision of this.#states.keys()) {
      if (this.#states.size <= this.#most) return;
      this.#states.delete(revision);
    }
  }

  at(revision: number): State | undefined {
    return this.#states.get(revision);
  }

  forgetBefore(floor: number): void {
    for (const revision of this.#states.keys()) if (revision < floor) this.#states.delete(revision);
  }
}

/** Faults: BadRequest for a selector or token that can't be read, Expired for a token whose snapshot is gone. */
export function listTable(
  definition: KindDefinition,
  table: TableName,
  options: ListOptions,
  current: State,
  snapshots: Snapshots,
): ResourceList {
  const { limit } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0)) throw badRequest(`invalid limit: ${limit}`);
  const selection = selectionOf(definition, options);
  const prefix = prefixOf(selection);
  const page = options.continue === undefined ? undefined : decodePageStart(options.continue);
  const state = page === undefined || page.revision === current.revision ? current : snapshots.at(page.revision);
  if (state === undefined) {
    throw expired("The provided continue parameter is too old to display a consistent list result: list again");
  }
  const rows = state.tables.get(table);
  const items: Resource[] = [];
  let next: string | undefined;
  rows?.scan(page?.row ?? prefix, (object, row) => {
    if (!row.startsWith(prefix)) return false;
    if (selection.matches?.(object) === false) return true;
    if (limit !== undefined && limit > 0 && items.length === limit) {
      next = row;
      return false;
    }
    items.push(object);
    return true;
  });
  const resourceVersion = String(state.revision);
  if (next === undefined) return { resourceVersion, items };
  snapshots.keep(state);
  // With a selector Kubernetes leaves the count out, since only reading on would tell.
  const remaining =
    selection.matches === undefined ? (rows?.rank(`${prefix}\uffff`) ?? 0) - (rows?.rank(next) ?? 0) : 0;
  return {
    resourceVersion,
    items,
    continue: encodePageStart({ revision: state.revision, row: next }),
    ...(remaining > 0 ? { remainingItemCount: remaining } : {}),
  };
}

/** What the rows of a selection begin with. */
function prefixOf({ namespace, name }: Selection): string {
  if (namespace === undefined) return "";
  return name === undefined ? `${namespace}\u0000` : rowOf(namespace, name);
}
