import { type Resolved, resolved, unresolved } from "./template.ts";

/**
 * The text at a path of an object: `metadata.name`, `metadata.labels['app']`, `metadata.annotations` (all, one a line),
 * `spec.template.spec.containers[0].image`. Source: argo-rollouts utils/fieldpath/fieldpath.go.
 */
export function fieldAt(object: unknown, path: string): Resolved<string> {
  const parts = partsOf(path);
  if (parts === undefined) return unresolved(`unsupported fieldPath: ${path}`);
  let node: unknown = object;
  for (const part of parts) {
    const holder = typeof node === "object" && node !== null ? (node as Record<string, unknown>) : {};
    node = Object.hasOwn(holder, part) ? holder[part] : undefined;
  }
  // An absent label or annotation is empty in the original too.
  if (node === undefined && /^metadata\.(labels|annotations)\b/.test(path)) return resolved("");
  if (node === undefined || node === null) return unresolved(`invalid path ${path} in rollout`);
  if (typeof node !== "object") return resolved(String(node));
  if (!/^metadata\.(labels|annotations)$/.test(path)) return unresolved(`path ${path} in rollout is not a plain value`);
  const lines = Object.entries(node).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return resolved(lines.sort().join("\n"));
}

const partShape = /\.?([A-Za-z0-9_-]+)|\[(?:'([^']*)'|"([^"]*)"|(\d+))\]/y;

function partsOf(path: string): readonly string[] | undefined {
  const parts: string[] = [];
  let position = 0;
  while (position < path.length) {
    partShape.lastIndex = position;
    const match = partShape.exec(path);
    if (match === null) return undefined;
    parts.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? "");
    position = partShape.lastIndex;
  }
  return parts.length === 0 ? undefined : parts;
}
