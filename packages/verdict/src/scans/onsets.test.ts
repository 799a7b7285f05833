import { expect, test } from "vitest";
import { Onsets } from "./onsets.ts";

class Sum {
  value = 0;

  clear(): void {
    this.value = 0;
  }
}

test("a beginning that takes the place of a forgotten one begins with nothing, and few are ever made", () => {
  let made = 0;
  const onsets = new Onsets(() => {
    made++;
    return new Sum();
  });

  for (let since = 0; since < 6000; since += 30) {
    expect(onsets.open(since)?.value).toBe(0);
    for (const { sums } of onsets.all) sums.value++;
  }

  expect(new Set(onsets.all.map(({ sums }) => sums)).size).toBe(onsets.all.length);
  expect(onsets.all[0]?.sums.value).toBe(200);
  expect(made).toBeLessThan(60);
});

test("a first beginning that is moved counts anew", () => {
  const onsets = new Onsets(() => new Sum());
  onsets.open(0);
  for (const { sums } of onsets.all) sums.value++;

  onsets.restartFirst(15);

  expect(onsets.all).toEqual([{ since: 15, sums: new Sum() }]);
});
