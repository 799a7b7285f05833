import { after, type Instant, type Millis } from "@sluice/kernel";
import { forgetJson } from "../json-of.ts";
import type { Change, TableName } from "../state.ts";

export interface WindowLimits {
  /** Changes kept for watches that start in the past or lag behind. */
  readonly count: number;
  readonly bytes: number;
  readonly age: Millis;
}

interface Kept {
  readonly change: Change;
  readonly at: Instant;
  readonly bytes: number;
}

/** A queue whose front moves; the array is cut when half of it is gone. */
class Log<Item> {
  #items: Item[] = [];
  #start = 0;

  get length(): number {
    return this.#items.length - this.#start;
  }

  at(index: number): Item | undefined {
    return this.#items[this.#start + index];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): void {
    this.#start++;
    if (this.#start * 2 > this.#items.length && this.#start > 64) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
  }
}

/**
 * The latest changes, by table and in all. Watches read from it at their own pace, so a slow one costs a number,
 * not a queue: whoever falls behind `floor` is told that its version has expired.
 */
export class EventWindow {
  readonly #limits: WindowLimits;
  readonly #all = new Log<Kept>();
  readonly #tables = new Map<TableName, Log<Change>>();
  #bytes = 0;
  #floor: number;

  constructor(limits: WindowLimits, floor: number) {
    this.#limits = limits;
    this.#floor = floor;
  }

  /** Every change after this revision is kept. */
  get floor(): number {
    return this.#floor;
  }

  /** Cuts what is past the limits, then adds: what is new is never cut before it could be read. */
  append(changes: readonly Change[], now: Instant): void {
    this.#compact(now);
    for (const change of changes) {
      const bytes = this.#limits.bytes === Number.POSITIVE_INFINITY ? 0 : weigh(change.last);
      this.#all.push({ change, at: now, bytes });
      this.#bytes += bytes;
      const log = this.#tables.get(change.table) ?? new Log<Change>();
      this.#tables.set(change.table, log);
      log.push(change);
    }
  }

  /** The first change of a table after `revision` that `wanted` takes. */
  next(table: TableName, revision: number, wanted: (change: Change) => boolean): Change | undefined {
    const log = this.#tables.get(table);
    if (log === undefined) return undefined;
    let low = 0;
    let high = log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((log.at(middle) as Change).revision <= revision) low = middle + 1;
      else high = middle;
    }
    for (; low < log.length; low++) {
      const change = log.at(low) as Change;
      if (wanted(change)) return change;
    }
    return undefined;
  }

  #compact(now: Instant): void {
    for (let first = this.#all.at(0); first !== undefined; first = this.#all.at(0)) {
      const young = after(first.at, this.#limits.age) > now;
      if (this.#all.length <= this.#limits.count && this.#bytes <= this.#limits.bytes && young) return;
      this.#all.shift();
      this.#bytes -= first.bytes;
      this.#floor = first.change.revision;
      if (first.change.before !== undefined) forgetJson(first.change.before);
      if (first.change.after === undefined) forgetJson(first.change.last);
      const log = this.#tables.get(first.change.table);
      log?.shift();
      if (log?.length === 0) this.#tables.delete(first.change.table);
    }
  }
}

/** A rough size in memory, without encoding. */
function weigh(value: unknown): number {
  if (typeof value === "string") return 16 + value.length;
  if (typeof value !== "object" || value === null) return 8;
  let bytes = 32;
  if (Array.isArray(value)) for (const item of value) bytes += weigh(item);
  else for (const key in value) bytes += 16 + weigh((value as Record<string, unknown>)[key]);
  return bytes;
}
