const budget = 32 * 1024 * 1024;
const cache = new Map<object, string>();
let kept = 0;

/**
 * The JSON text of a stored object, encoded once for all who want it: persistence, lists, every watch.
 * Stored objects never change, so this only remembers; it forgets the oldest beyond 32 Mi characters.
 */
export function jsonOf(object: object): string {
  const known = cache.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(object);
  cache.set(object, text);
  kept += text.length;
  for (const [oldest, oldText] of cache) {
    if (kept <= budget) break;
    cache.delete(oldest);
    kept -= oldText.length;
  }
  return text;
}
