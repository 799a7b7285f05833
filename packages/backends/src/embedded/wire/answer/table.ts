import type { Column, KindDefinition, Resource } from "@sluice/api";
import { type Instant, parseInstant } from "@sluice/kernel";
import { valueAt } from "./json-path.ts";

/** What a row carries beside its cells. */
export type IncludeObject = "None" | "Metadata" | "Object";

type Cell = string | number | boolean | null;

const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Unique within a namespace.",
  cell: ({ metadata }) => metadata.name,
};
const ageColumn: Column = {
  name: "Age",
  type: "string",
  description: "Since when it exists.",
  cell: ({ metadata }, now) => ageText(metadata.creationTimestamp, now),
};

/** Columns as kubectl shows them: the name first, an age where the kind says nothing of its own. */
export function columnsOf({ columns = [] }: KindDefinition): readonly Column[] {
  if (columns.length === 0) return [nameColumn, ageColumn];
  return columns[0]?.name.toLowerCase() === "name" ? columns : [nameColumn, ...columns];
}

export const columnDefinitions = (columns: readonly Column[]) =>
  columns.map(({ name, type, format, priority, description }) => ({
    name,
    type,
    format: format ?? "",
    description: description ?? "",
    priority: priority ?? 0,
  }));

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export function row(object: Resource, columns: readonly Column[], include: IncludeObject, now: Instant): unknown {
  const cells = columns.map((column) => cellOf(column, object, now));
  switch (include) {
    case "None":
      return { cells };
    case "Object":
      return { cells, object };
    case "Metadata":
      return { cells, object: metadataOf(object) };
  }
}

export const metadataOf = ({ metadata }: Resource) => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata,
});

function cellOf(column: Column, object: Resource, now: Instant): Cell {
  if (column.cell !== undefined) return column.cell(object, now) ?? (column.type === "string" ? "<none>" : null);
  if (column.jsonPath === undefined) return null;
  const value = valueAt(object, column.jsonPath);
  if (value === undefined || value === null) return null;
  switch (column.type) {
    case "date":
      return typeof value === "string" ? ageText(value, now) : null;
    case "integer":
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "string":
      return typeof value === "string" ? value : JSON.stringify(value);
  }
}

/** kubectl's short durations: `45s`, `3m12s`, `5h`, `3d4h`, `2y10d`. https://pkg.go.dev/k8s.io/apimachinery/pkg/util/duration#HumanDuration */
export function ageText(since: string | undefined, now: number): string {
  const start = since === undefined ? undefined : parseInstant(since);
  if (start === undefined) return "<unknown>";
  const seconds = Math.floor((now - start) / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return parts(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return parts(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return parts(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? parts(years, "y", days % 365, "d") : `${years}y`;
}

const parts = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
