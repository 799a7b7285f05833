import { expect, test } from "vitest";
import { MemoryScan } from "./memory-scan.ts";

/** Where the judge ends a release for its memory, without what it believes before anything is seen. */
const plain = 6.9 - 1.5;

test.each([
  { anHour: 0.12, minutes: 110, isLeak: false },
  { anHour: 0.12, minutes: 120, isLeak: true },
  { anHour: 0.2, minutes: 90, isLeak: false },
  { anHour: 0.2, minutes: 100, isLeak: true },
  { anHour: 0.5, minutes: 50, isLeak: true },
])("a growth of $anHour an hour, seen for $minutes minutes, is a leak: $isLeak", ({ anHour, minutes, isLeak }) => {
  const scan = new MemoryScan();

  for (let time = 10; time <= minutes * 60; time += 10) scan.add(time, 100 * (1 + (anHour * time) / 3600), 100);

  expect(scan.finding().nats >= plain).toBe(isLeak);
});
