/**
 * Failures come in clusters (one cause, several requests), clusters come independently: a compound Poisson process whose
 * clusters have geometric sizes. `burst` is the variance over the mean that such counts have.
 */
export const meanSize = (burst: number): number => (Math.max(1, burst) + 1) / 2;

/**
 * The most likely number of clusters that make up the control's `events`. With a size that is rather too small they are
 * rather too many, which speaks for the canary.
 */
export function clustersOfControl(events: number, size: number): number {
  return Math.max(Math.min(1, events), events / size);
}

/** The same for the canary, where `expected` clusters would be usual: many events at once are most likely few clusters. */
export function clustersOfCanary(events: number, expected: number, size: number): number {
  if (events <= 1 || size <= 1) return events;
  const usual = expected / (size - 1);
  const likely = (Math.sqrt(usual * usual + 4 * usual * events) - usual) / 2;
  return Math.min(events, Math.max(1, likely));
}
