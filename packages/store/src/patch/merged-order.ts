/**
 * The order of a list that two sides made: the `wanted` ones as their author has them; each other one
 * stays after the item that it followed in `present`.
 */
export function mergedOrder(present: readonly string[], wanted: readonly string[]): string[] {
  const asked = new Set(wanted);
  const followers = new Map<string | undefined, string[]>();
  let anchor: string | undefined;
  for (const key of present) {
    if (asked.has(key)) {
      anchor = key;
      continue;
    }
    const group = followers.get(anchor);
    if (group === undefined) followers.set(anchor, [key]);
    else group.push(key);
  }
  const order = [...(followers.get(undefined) ?? [])];
  for (const key of asked) order.push(key, ...(followers.get(key) ?? []));
  return order;
}
