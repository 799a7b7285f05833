import { bucketOf, bucketScale } from "@sluice/kernel";
import { expect, test } from "vitest";
import { cookieValue, stickyChoice } from "./sticky.ts";

test("a user on the canary stays there while its weight grows, and no one is on it at 0", () => {
  const users = Array.from({ length: 20_000 }, (_, index) => bucketOf(`user-${index}`));
  let before = new Set<number>();

  for (const weight of [0, 0.5, 1, 5, 10, 20, 50, 100]) {
    const canary = new Set(
      users.flatMap((bucket, user) => (stickyChoice([100 - weight, weight], bucket) === 1 ? [user] : [])),
    );

    for (const user of before) expect(canary.has(user)).toBe(true);
    expect(Math.abs(canary.size / users.length - weight / 100)).toBeLessThan(0.01);
    before = canary;
  }
  expect(before.size).toBe(users.length);
});

test("every bucket belongs to a choice with weight", () => {
  const owners = new Set<number>();
  for (let bucket = 0; bucket < bucketScale; bucket++) owners.add(stickyChoice([0, 1, 0, 2], bucket));

  expect([...owners].sort()).toEqual([1, 3]);
});

test("a cookie is found by its whole name", () => {
  expect(cookieValue("a=1; user=42; b=2", "user")).toBe("42");
  expect(cookieValue("superuser=1;user=7", "user")).toBe("7");
  expect(cookieValue("superuser=1", "user")).toBeUndefined();
  expect(cookieValue("user=", "user")).toBe("");
});
