import type { Resource } from "@sluice/api";
import { after, hours, type Instant, type Millis, millis, minutes, parseInstant } from "@sluice/kernel";
import { isRecord } from "./patch/record.ts";
import type { State, TableName } from "./state.ts";

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

/** Pure: what has to go by now. */
export function sweep(state: State, retention: Readonly<Record<TableName, Retention>>, now: Instant): Sweep {
  const expired: Resource[] = [];
  let wakeAt: number | undefined;
  for (const [table, limit] of Object.entries(retention)) {
    const rows = state.tables.get(table)?.startingWith("") ?? [];
    const byAge = rows.map((object) => ({ object, seen: lastSeen(object) ?? now })).sort((a, b) => b.seen - a.seen);
    byAge.forEach(({ object, seen }, index) => {
      const end = after(seen, limit.age);
      if (index >= limit.count || end <= now) expired.push(object);
      else wakeAt = Math.min(wakeAt ?? end, end);
    });
  }
  // Not more often than each minute: an event more or less is no matter.
  return { expired, ...(wakeAt === undefined ? {} : { wakeAt: Math.max(wakeAt, after(now, minutes(1))) as Instant }) };
}

/** An event that is counted up again begins its time anew. */
function lastSeen(object: Resource): Instant | undefined {
  const { lastTimestamp, series } = object as { lastTimestamp?: unknown; series?: unknown };
  const observed = isRecord(series) ? series.lastObservedTime : undefined;
  const seen = [lastTimestamp, observed, object.metadata.creationTimestamp]
    .map((text) => (typeof text === "string" ? parseInstant(text) : undefined))
    .filter((at) => at !== undefined);
  return seen.length === 0 ? undefined : (millis(Math.max(...seen)) as number as Instant);
}
