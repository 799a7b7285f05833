import type { Resource } from "@sluice/api";
import { after, hours, type Instant, type Millis, millis, minutes, parseInstant } from "@sluice/kernel";
import { isRecord } from "../patch/record.ts";
import { SortedMap } from "../sorted-map.ts";
import type { Change, State, TableName } from "../state.ts";

export interface Retention {
  readonly age: Millis;
  /** The youngest so many are kept. */
  readonly count: number;
}

/** What is a record of the past, and so must end some time. */
export const defaultRetention: Readonly<Record<TableName, Retention>> = {
  "/Event": { age: hours(1), count: 20_000 },
  "events.k8s.io/Event": { age: hours(1), count: 20_000 },
  "sluice.dev/Decision": { age: hours(24 * 90), count: 10_000 },
};

export interface Sweep {
  readonly expired: readonly Resource[];
  /** When to look again; undefined where nothing is left that could expire. */
  readonly wakeAt?: Instant;
}

/** All records of the past, the longest unseen first: what has to go is found without looking at what stays. */
export class Records {
  readonly #retention: Readonly<Record<TableName, Retention>>;
  readonly #byAge = new Map<TableName, SortedMap<Resource>>();

  constructor(retention: Readonly<Record<TableName, Retention>>, state: State) {
    this.#retention = retention;
    for (const table of Object.keys(retention)) {
      state.tables.get(table)?.scan("", (object, row) => {
        this.#put(table, row, object);
        return true;
      });
    }
  }

  limitOf(table: TableName): Retention | undefined {
    return this.#retention[table];
  }

  follow({ table, row, before, after: object }: Change): void {
    if (this.limitOf(table) === undefined) return;
    const rows = this.#byAge.get(table);
    if (before !== undefined && rows !== undefined) this.#byAge.set(table, rows.delete(ageKey(before, row)));
    if (object !== undefined) this.#put(table, row, object);
  }

  /** What has to go by now. */
  sweep(now: Instant): Sweep {
    const expired: Resource[] = [];
    let wakeAt: number | undefined;
    for (const [table, limit] of Object.entries(this.#retention)) {
      const rows = this.#byAge.get(table);
      let left = rows?.size ?? 0;
      rows?.scan("", (object) => {
        const seen = lastSeen(object);
        const end = seen === undefined ? undefined : after(seen, limit.age);
        const isPast = left > limit.count || (end !== undefined && end <= now);
        if (!isPast) {
          if (end !== undefined) wakeAt = Math.min(wakeAt ?? end, end);
          return false;
        }
        expired.push(object);
        left--;
        return true;
      });
    }
    // Not more often than each minute: an event more or less is no matter.
    return {
      expired,
      ...(wakeAt === undefined ? {} : { wakeAt: Math.max(wakeAt, after(now, minutes(1))) as Instant }),
    };
  }

  #put(table: TableName, row: string, object: Resource): void {
    this.#byAge.set(table, (this.#byAge.get(table) ?? SortedMap.empty<Resource>()).set(ageKey(object, row), object));
  }
}

/** Sorts by age; what says nothing of its time is the youngest. */
const ageKey = (object: Resource, row: string): string => `${ageText(lastSeen(object))}\u0000${row}`;

const ageText = (seen: Instant | undefined): string =>
  seen === undefined ? "~" : String(Math.max(0, seen)).padStart(16, "0");

/** An event that is counted up again begins its time anew. */
function lastSeen(object: Resource): Instant | undefined {
  const { lastTimestamp, series } = object as { lastTimestamp?: unknown; series?: unknown };
  const observed = isRecord(series) ? series.lastObservedTime : undefined;
  const seen = [lastTimestamp, observed, object.metadata.creationTimestamp]
    .map((text) => (typeof text === "string" ? parseInstant(text) : undefined))
    .filter((at) => at !== undefined);
  return seen.length === 0 ? undefined : (millis(Math.max(...seen)) as number as Instant);
}
