const blocks = "▁▂▃▄▅▆▇█";

/** The last `columns` values as blocks; a gap where there was no value. */
export function sparkline(
  values: readonly (number | undefined)[],
  columns: number,
  max = Math.max(0, ...values.map((value) => value ?? 0)),
): string {
  return values
    .slice(-columns)
    .map((value) => {
      if (value === undefined || Number.isNaN(value)) return " ";
      const level = max <= 0 ? 0 : Math.round((Math.max(0, value) / max) * (blocks.length - 1));
      return blocks[Math.min(level, blocks.length - 1)];
    })
    .join("");
}

/** A bar of a share, `columns` wide. */
export function bar(share: number, columns: number): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * columns);
  return "█".repeat(filled) + "░".repeat(columns - filled);
}
