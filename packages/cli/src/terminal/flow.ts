import { width } from "./style.ts";

/** How wide lines may be: what a pipe reads is never broken, so that one fact stays one line. */
export const columnsOf = ({ columns, isTTY }: Partial<NodeJS.WriteStream> = process.stdout): number =>
  isTTY === true ? (columns ?? 80) : Number.POSITIVE_INFINITY;

/** Parts side by side; what has no room begins another line, indented. The words of a part that is longer than a line flow, from a line of its own on. */
export function flow(
  parts: readonly string[],
  { columns, indent, gap = "  " }: { readonly columns: number; readonly indent: number; readonly gap?: string },
): readonly string[] {
  const lines: string[] = [];
  let line = "";
  let isFresh = true;
  const begin = (part: string) => {
    if (!isFresh) lines.push(line.trimEnd());
    line = isFresh && lines.length === 0 ? part : " ".repeat(indent) + part;
    isFresh = false;
  };
  const add = (part: string, between: string) => {
    if (isFresh || width(line) + width(between) + width(part) > columns) begin(part);
    else line += between + part;
  };
  for (const part of parts.filter((each) => width(each) > 0)) {
    if (width(part) + indent <= columns) {
      add(part, gap);
      continue;
    }
    for (const [index, word] of part.split(" ").entries()) {
      if (index === 0) begin(word);
      else add(word, " ");
    }
  }
  if (!isFresh) lines.push(line.trimEnd());
  return lines;
}
