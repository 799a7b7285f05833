const context = 2;

/** A unified diff of two texts; empty where they are the same. */
export function differenceOf(path: string, before: string, after: string): string {
  if (before === after) return "";
  const lines = linesOf(before.split("\n"), after.split("\n"));
  const shown = new Set<number>();
  for (const [index, { is }] of lines.entries()) {
    if (is === " ") continue;
    for (let near = index - context; near <= index + context; near++) shown.add(near);
  }
  const printed = [`--- ${path}`, `+++ ${path}`];
  let old = 0;
  let young = 0;
  let isOpen = false;
  for (const [index, { is, text }] of lines.entries()) {
    if (is !== "+") old++;
    if (is !== "-") young++;
    if (!shown.has(index)) {
      isOpen = false;
      continue;
    }
    if (!isOpen) printed.push(`@@ line ${is === "+" ? young : old} @@`);
    isOpen = true;
    printed.push(`${is}${text}`);
  }
  return printed.join("\n");
}

interface Line {
  readonly is: " " | "-" | "+";
  readonly text: string;
}

/** By the longest common subsequence, between what both begin and end with. */
function linesOf(before: readonly string[], after: readonly string[]): readonly Line[] {
  let head = 0;
  while (head < Math.min(before.length, after.length) && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (row: number, column: number): number => lengths[row]?.[column] ?? 0;
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      const best =
        a[row] === b[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
      (lengths[row] as Uint32Array)[column] = best;
    }
  }
  const lines: Line[] = before.slice(0, head).map((text) => ({ is: " ", text }));
  let [row, column] = [0, 0];
  while (row < a.length || column < b.length) {
    if (row < a.length && column < b.length && a[row] === b[column]) {
      lines.push({ is: " ", text: a[row++] ?? "" });
      column++;
    } else if (row < a.length && (column === b.length || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ is: "-", text: a[row++] ?? "" });
    } else lines.push({ is: "+", text: b[column++] ?? "" });
  }
  return [...lines, ...before.slice(before.length - tail).map((text): Line => ({ is: " ", text }))];
}
