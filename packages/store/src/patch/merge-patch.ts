import { checkKey, isRecord } from "./record.ts";

/** RFC 7386: `null` removes, objects merge, everything else replaces. Neither input is changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[checkKey(key)] = mergePatch(merged[key], value);
  }
  return merged;
}
