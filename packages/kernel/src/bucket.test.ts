import { expect, test } from "vitest";
import { bucketOf, bucketScale, murmur3, utf8 } from "./index.ts";

test.each([
  ["", 0, 0],
  ["", 1, 0x514e28b7],
  ["hello", 0, 0x248bfa47],
  ["hello, world", 0, 0x149bbb7f],
  ["19 Jan 2038 at 3:14:07 AM", 0, 0xe31e8a70],
  ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
  ["aaaa", 0x9747b28c, 0x5a97808a],
  ["Hello, world!", 0x9747b28c, 0x24884cba],
  // Bytes, not UTF-16 units.
  ["ππππππππ", 0x9747b28c, 0xd58063c1],
])("MurmurHash3 of %j with seed %i", (text, seed, hash) => {
  expect(murmur3(utf8(text), seed)).toBe(hash);
});

// Written down: whoever changes one of these moves users who were told that they stay.
test.each([
  ["dana", "", 16_758],
  ["josé@example.com", "", 55_093],
  ["日本語", "", 64_704],
  ["🚀", "2026", 22_181],
  ["dana", "2026", 70_594],
])("%j with the salt %j is in its bucket for good", (key, salt, bucket) => {
  expect(bucketOf(key, salt)).toBe(bucket);
});

test("shares are what they say they are, and grow by whom they have", () => {
  const users = Array.from({ length: 100_000 }, (_, index) => bucketOf(`user-${String(index).padStart(6, "0")}`));

  expect(Math.max(...users)).toBeLessThan(bucketScale);
  for (const percent of [1, 5, 25, 50]) {
    const share = users.filter((bucket) => bucket < percent * 1000).length / users.length;
    expect(Math.abs(share - percent / 100)).toBeLessThan(0.004);
  }
});

test("another salt deals anew, so that two shares of 20 % have a fifth in common", () => {
  const users = Array.from({ length: 50_000 }, (_, index) => `user-${String(index).padStart(6, "0")}`);
  const first = users.filter((user) => bucketOf(user, "a") < 20_000);
  const both = first.filter((user) => bucketOf(user, "b") < 20_000);

  expect(Math.abs(both.length / first.length - 0.2)).toBeLessThan(0.02);
});
