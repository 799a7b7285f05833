import { flow } from "../terminal/flow.ts";
import { padEnd } from "../terminal/style.ts";

const nameColumns = 9;

/** A fact with its name before it; the parts flow. */
export interface Row {
  readonly name: string;
  readonly parts: readonly string[];
  readonly gap?: string;
}

export function rowLines({ name, parts, gap = "  " }: Row, columns: number): readonly string[] {
  const lines = flow([padEnd(name, nameColumns) + (parts[0] ?? ""), ...parts.slice(1)], {
    columns: columns - 2,
    indent: nameColumns,
    gap,
  });
  return lines.map((line) => `  ${line}`);
}
