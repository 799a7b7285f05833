const colours = 6;
const given = new Map<string, Map<string, number>>();

/** A version keeps its colour while the page lives, whatever its role becomes. `hashes` oldest first. */
export function colourIndex(owner: string, hashes: readonly string[]): ReadonlyMap<string, number> {
  const known = given.get(owner) ?? new Map<string, number>();
  given.set(owner, known);
  for (const hash of hashes) if (!known.has(hash)) known.set(hash, known.size % colours);
  return known;
}
