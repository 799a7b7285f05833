import { expect, test } from "vitest";
import { unnoticedSeconds } from "./unnoticed.ts";

const share = (atSeconds: number, weight: number) => ({ atSeconds, weight, step: 0 });

test.each([
  ["everybody gets it only in the end", [share(0, 0.1), share(75, 1)], 75, 3600],
  ["a holdback stays for ten minutes", [share(0, 0.1), share(75, 0.95), share(675, 1)], 675, 3000],
  ["it is looked at for longer than it takes to notice", [share(0, 1)], 5000, 0],
  ["nobody ever got much of it", [share(0, 0.1)], 600, 3600],
] as const)("%s", (_, weights, seconds, left) => {
  expect(unnoticedSeconds({ weights, seconds }, 3600)).toBe(left);
});
