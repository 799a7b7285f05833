import { Fault } from "@sluice/kernel";
import { labelValue, queryInstant } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { realClock } from "./real-clock.ts";

/** One row of what was scraped of the router: its values of the labels that were asked for, in their order. */
export interface CountedRow {
  readonly values: readonly string[];
  readonly count: number;
}

/** Rows of an instant query by these labels, by a key that names them. Faults: the query can't be answered. */
export function routerRows(
  store: MetricsStore,
  query: string,
  names: readonly string[],
): ReadonlyMap<string, CountedRow> {
  const outcome = queryInstant(store, query, realClock.now());
  if (outcome.is !== "answered") throw new Fault("unavailable", "the router's counts can't be read");
  const samples = outcome.result.type === "vector" ? outcome.result.samples : [];
  return new Map(
    samples.map(({ labels, value }) => {
      const values = names.map((name) => labelValue(labels, name));
      return [JSON.stringify(values), { values, count: value }];
    }),
  );
}

/** Fewer than before: a new agent counts from zero, and all of it is of this time. */
export const countedSince = (now: number, before = 0): number => (now >= before ? now - before : now);

/** A value of a label in a query. */
export const quoted = (value: unknown): string => JSON.stringify(typeof value === "string" ? value : "");
