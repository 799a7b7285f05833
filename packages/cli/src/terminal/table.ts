import { padEnd, paint, width } from "./style.ts";

/** Columns as wide as their widest cell, three spaces apart, as kubectl prints them. */
export function renderTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((header, column) =>
    Math.max(width(header), ...rows.map((row) => width(row[column] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    headers
      .map((_, column) => padEnd(cells[column] ?? "", widths[column] ?? 0))
      .join("   ")
      .trimEnd();
  return [paint("bold", line(headers)), ...rows.map(line)].join("\n");
}
