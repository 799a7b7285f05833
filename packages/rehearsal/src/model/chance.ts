import type { Random } from "@sluice/kernel";

/** Standard normal, by Box and Muller. */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

/** How many events of this mean: by Knuth where few, else by the normal approximation. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}

/** How many of `count` have what each has with this chance. */
export function binomial(random: Random, count: number, chance: number): number {
  if (count <= 0 || chance <= 0) return 0;
  if (chance >= 1) return count;
  if (chance > 0.5) return count - binomial(random, count, 1 - chance);
  const mean = count * chance;
  if (count <= 12) {
    let hits = 0;
    for (let trial = 0; trial < count; trial++) if (random.next() < chance) hits++;
    return hits;
  }
  const drawn = mean < 30 ? poisson(random, mean) : Math.round(mean + Math.sqrt(mean * (1 - chance)) * normal(random));
  return Math.max(0, Math.min(count, drawn));
}

/** The share of a standard normal below `z` (Abramowitz and Stegun 26.2.17, error below 1e-7). */
export function below(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    0.3989422804014327 *
    Math.exp((-z * z) / 2) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}
