import { utf8 } from "@sluice/kernel";

/** Of how many equal parts a share is made: a thousandth of a percent. */
export const stickyBuckets = 100_000;

/** Which of the buckets a cookie's value falls into: the same user, the same bucket, on every router. */
export const stickyBucket = (cookieValue: string): number =>
  Math.floor((murmur3(utf8(cookieValue)) / 4294967296) * stickyBuckets);

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
    if (bucket < (upTo / total) * stickyBuckets) return index;
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

/** MurmurHash3 x86 32, seed 0: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp */
export function murmur3(data: Uint8Array): number {
  let hash = 0;
  const whole = data.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const block =
      (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24);
    hash ^= scramble(block);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (data.length > whole) {
    hash ^= scramble((data[whole] ?? 0) | ((data[whole + 1] ?? 0) << 8) | ((data[whole + 2] ?? 0) << 16));
  }
  hash ^= data.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
