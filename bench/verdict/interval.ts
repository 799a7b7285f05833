/** Wilson's 95 % interval of a share, in percent. */
export function interval(events: number, count: number): readonly [low: number, high: number] {
  const z = 1.96;
  const rate = events / count;
  const center = rate + (z * z) / (2 * count);
  const width = z * Math.sqrt((rate * (1 - rate)) / count + (z * z) / (4 * count * count));
  const scale = 100 / (1 + (z * z) / count);
  return [Math.max(0, scale * (center - width)), scale * (center + width)];
}
