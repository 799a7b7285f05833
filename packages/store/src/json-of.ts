const budget = 32 * 1024 * 1024;
const texts = new Map<object, string>();
let kept = 0;

/**
 * The JSON text of a stored object, encoded once for all who want it: persistence, lists, every watch.
 * Stored objects never change, so this only remembers; beyond 32 Mi characters it forgets the oldest.
 */
export function jsonOf(object: object): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(object);
  texts.set(object, text);
  kept += text.length;
  if (kept > budget) forgetOldest();
  return text;
}

/** Nobody will ask for this object again: neither the state nor the watches' window holds it. */
export function forgetJson(object: object): void {
  const text = texts.get(object);
  if (text === undefined) return;
  texts.delete(object);
  kept -= text.length;
}

function forgetOldest(): void {
  for (const [object, text] of texts) {
    if (kept <= budget) return;
    texts.delete(object);
    kept -= text.length;
  }
}
