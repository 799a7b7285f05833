import { utf8 } from "./hash.ts";

/** Of how many equal parts a share of users is made: a thousandth of a percent each. */
export const bucketScale = 100_000;

/**
 * How users are dealt into buckets. Another way gets another name: a change of it would move every user.
 * `murmur3-1`: MurmurHash3 x86 32, seed 0, over the UTF-8 bytes of `SALT/KEY`, or of the key alone where the salt is
 * empty; the hash times the scale, its upper 32 bits.
 */
export type BucketHash = "murmur3-1";

/** Which of the buckets a user falls into: below `percent * 1000` is within that percentage, and stays as it grows. */
export const bucketOf = (key: string, salt = ""): number =>
  Math.floor((murmur3(utf8(salt === "" ? key : `${salt}/${key}`)) * bucketScale) / 2 ** 32);

/** MurmurHash3 x86 32: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp */
export function murmur3(data: Uint8Array, seed = 0): number {
  let hash = seed | 0;
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
