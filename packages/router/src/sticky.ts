import { bucketScale } from "@sluice/kernel";

/**
 * The choice that owns a bucket. The last choice owns the lowest buckets, so that a canary, written after the stable
 * one, keeps its users while its weight grows. `weights` has at least one above zero.
 */
export function stickyChoice(weights: readonly number[], bucket: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let upTo = 0;
  let owner = 0;
  for (let index = weights.length - 1; index >= 0; index--) {
    const weight = weights[index] ?? 0;
    if (weight === 0) continue;
    owner = index;
    upTo += weight;
    if (bucket < (upTo / total) * bucketScale) return index;
  }
  return owner;
}

/** The value of a cookie in a Cookie header; undefined where it isn't there. */
export function cookieValue(header: string, name: string): string | undefined {
  for (let at = 0; at < header.length; ) {
    const semicolon = header.indexOf(";", at);
    const end = semicolon < 0 ? header.length : semicolon;
    while (header.charCodeAt(at) === 0x20) at++;
    if (header.startsWith(name, at) && header.charCodeAt(at + name.length) === 0x3d) {
      return header.slice(at + name.length + 1, end).trim();
    }
    at = end + 1;
  }
  return undefined;
}
