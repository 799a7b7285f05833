import { parseInstant } from "@sluice/kernel";
import type { Column } from "../contract/kind-definition.ts";
import type { Resource } from "../contract/resource.ts";
import { valueAt } from "../schema/path.ts";

type Cell = string | number | boolean | undefined;

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name must be unique within a namespace.",
  cell: ({ metadata }) => metadata.name,
};

/** How long ago it was created, as kubectl prints it. */
export const ageColumn: Column = {
  name: "Age",
  type: "string",
  description: "Time since it was created.",
  cell: ({ metadata }, now) => ageOf(metadata.creationTimestamp, now),
};

/** A column whose cell is computed. */
export const column = <R extends Resource>(
  name: string,
  cell: (object: R, now: number) => Cell,
  options: Pick<Column, "priority" | "type" | "description"> | { readonly type?: Column["type"] } = {},
): Column => ({ name, type: "string", ...options, cell: cell as NonNullable<Column["cell"]> });

/** The same, shown with -o wide only. */
export const wideColumn = <R extends Resource>(name: string, cell: (object: R, now: number) => Cell): Column =>
  column(name, cell, { type: "string", priority: 1 });

/** A column that shows one field. */
export const fieldColumn = (name: string, path: string, type: Column["type"] = "string"): Column => ({
  name,
  type,
  cell: (object) => {
    const value = valueAt(object, path);
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
  },
});

export const ageOf = (timestamp: string | null | undefined, now: number): string => {
  const at = timestamp === undefined || timestamp === null ? undefined : parseInstant(timestamp);
  return at === undefined ? "<unknown>" : humanDuration(now - at);
};

/** https://github.com/kubernetes/apimachinery/blob/master/pkg/util/duration/duration.go HumanDuration */
export function humanDuration(millis: number): string {
  const seconds = Math.floor(millis / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return withRest(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return withRest(days, "d", hours % 24, "h");
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  if (days < 365 * 8) return withRest(years, "y", days % 365, "d");
  return `${years}y`;
}

const withRest = (whole: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;

/** `<none>` for an empty list, as kubectl prints it. */
export const joined = (values: readonly string[] | undefined, separator = ","): string =>
  values === undefined || values.length === 0 ? "<none>" : values.join(separator);
