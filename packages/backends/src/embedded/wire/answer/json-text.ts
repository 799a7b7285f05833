import type { Resource, WatchEvent } from "@sluice/api";
import { jsonOf } from "@sluice/store";

/** What many watchers of one change are about to want; older ones make the line again. */
const budget = 8 * 1024 * 1024;
const lines = new Map<Resource, { readonly type: string; readonly line: Buffer }>();
let kept = 0;

/** The line of a watch's body. A change is encoded once, and its bytes are shared by all its watchers. */
export function eventLine({ type, object }: Exclude<WatchEvent, { type: "BOOKMARK" }>): Buffer {
  const known = lines.get(object);
  if (known?.type === type) return known.line;
  const line = Buffer.from(`{"type":"${type}","object":${jsonOf(object)}}\n`);
  kept += line.length - (known?.line.length ?? 0);
  lines.set(object, { type, line });
  for (const [oldest, old] of lines) {
    if (kept <= budget) break;
    lines.delete(oldest);
    kept -= old.line.length;
  }
  return line;
}
