import type { Resource, WatchEvent } from "@sluice/api";

/**
 * A change is encoded once, however many watch it. Kept as long as the store's own (immutable, shared) object is.
 * Lists use a kept text but keep none: twenty thousand of them would double the store.
 */
const texts = new WeakMap<Resource, string>();
const lines = new WeakMap<Resource, Map<string, Buffer>>();

export const jsonText = (object: Resource): string => texts.get(object) ?? JSON.stringify(object);

/** The line of a watch's body, shared by all watchers of the change. */
export function eventLine(event: Exclude<WatchEvent, { type: "BOOKMARK" }>): Buffer {
  const known = lines.get(event.object) ?? new Map<string, Buffer>();
  const shared = known.get(event.type);
  if (shared !== undefined) return shared;
  const text = texts.get(event.object) ?? JSON.stringify(event.object);
  texts.set(event.object, text);
  const line = Buffer.from(`{"type":"${event.type}","object":${text}}\n`);
  known.set(event.type, line);
  lines.set(event.object, known);
  return line;
}
