/** RFC 6901. Undefined for a text that is no pointer. */
export function parsePointer(pointer: string): readonly string[] | undefined {
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Undefined where nothing stands there. */
export function readPointer(value: unknown, tokens: readonly string[]): unknown {
  let current = value;
  for (const token of tokens) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, token)) return undefined;
    current = (current as Record<string, unknown>)[token];
  }
  return current;
}

/** A copy with `replacement` at the pointer, or with nothing there. Where the way there is missing, the value itself. */
export function writePointer(value: unknown, tokens: readonly string[], replacement: unknown): unknown {
  const [token, ...rest] = tokens;
  if (token === undefined) return replacement;
  if (Array.isArray(value)) {
    const index = Number(token);
    if (!Number.isInteger(index) || index < 0 || index >= value.length) return value;
    const next = rest.length === 0 ? replacement : writePointer(value[index], rest, replacement);
    if (next === value[index]) return value;
    return next === undefined ? value.toSpliced(index, 1) : value.with(index, next);
  }
  if (typeof value !== "object" || value === null) {
    return replacement === undefined || value !== undefined
      ? value
      : { [token]: writePointer(undefined, rest, replacement) };
  }
  const record = value as Readonly<Record<string, unknown>>;
  if (replacement === undefined && !Object.hasOwn(record, token)) return value;
  const next = writePointer(record[token], rest, replacement);
  if (next === record[token]) return value;
  if (next !== undefined) return { ...record, [token]: next };
  const { [token]: _, ...others } = record;
  return others;
}
