/** A field path that costs nothing until a message needs it: `spec.containers[0].ports[1].containerPort`. */
export interface Path {
  readonly parent: Path | undefined;
  readonly key: string | number;
}

const plain = /^[A-Za-z_][A-Za-z0-9_-]*$/;

export function formatPath(path: Path | undefined): string {
  if (path === undefined) return "";
  const parent = formatPath(path.parent);
  if (typeof path.key === "number") return `${parent}[${path.key}]`;
  if (!plain.test(path.key)) return `${parent}[${path.key}]`;
  return parent === "" ? path.key : `${parent}.${path.key}`;
}

/** The path of a field of the object at `parent`. */
export const fieldPath = (parent: string, key: string): string =>
  plain.test(key) ? `${parent}.${key}` : `${parent}[${key}]`;

/** The value at a dotted path such as `status.phase` or `.spec.replicas`; list indexes as `[0]`. Undefined where there is none. */
export function valueAt(value: unknown, path: string): unknown {
  let current = value;
  for (const key of pathKeys(path)) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

const keysOfPath = new Map<string, readonly string[]>();

/** `metadata.labels[app.kubernetes.io/name]`, `metadata.labels['x']`, `.spec.list[0]` as keys. */
function pathKeys(path: string): readonly string[] {
  const known = keysOfPath.get(path);
  if (known !== undefined) return known;
  const keys = [...path.matchAll(/\[['"]?([^\]]*?)['"]?\]|([^.[\]]+)/g)].map((match) => match[1] ?? match[2] ?? "");
  if (keysOfPath.size > 1000) keysOfPath.clear();
  keysOfPath.set(path, keys);
  return keys;
}
