import { expect, test } from "vitest";
import { neverBack } from "./real-clock.ts";

const hour = 3_600_000;

test("a wall clock that is set back doesn't take the clock with it, one that is set forward does", () => {
  let wall = 10 * hour;
  let elapsed = 0;
  const now = neverBack(
    () => wall,
    () => elapsed,
  );
  const pass = (millis: number) => {
    wall += millis;
    elapsed += millis;
  };

  pass(1_000);
  const before = now();
  wall -= 2 * hour;
  const justAfter = now();
  pass(10_000);
  const later = now();
  wall += 5 * hour;
  const forward = now();

  expect(before).toBe(10 * hour + 1_000);
  expect(justAfter).toBe(before);
  expect(later - justAfter).toBe(9_900);
  expect(forward).toBe(wall);
});

test("what the wall clock lost is caught up, slowly", () => {
  let wall = 10 * hour;
  let elapsed = 0;
  const now = neverBack(
    () => wall,
    () => elapsed,
  );

  wall -= 60_000;
  for (let second = 0; second < 2 * 3_600; second++) {
    wall += 1_000;
    elapsed += 1_000;
    now();
  }

  expect(now()).toBe(wall);
});
