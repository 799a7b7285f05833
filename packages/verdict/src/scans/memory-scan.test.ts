import { seededRandom } from "@sluice/kernel";
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

  for (let time = 10; time <= minutes * 60; time += 10)
    scan.add(time, 100 * (1 + (anHour * time) / 3600), 100, 30 * time);

  expect(scan.finding().nats >= plain).toBe(isLeak);
});

test.each([
  { what: "a cache that fills with what few users ask is", leaking: 0, isLeak: false },
  { what: "what grows beside it by half an hour's doubling is", leaking: 2, isLeak: true },
])("at a request in twenty seconds, later in eight, $what a leak: $isLeak", ({ leaking, isLeak }) => {
  const ended = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
    const scan = new MemoryScan();
    const random = seededRandom(seed);
    let served = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let time = 10; time <= 75 * 60; time += 10) {
      served += 10 * (time < 1200 ? 0.05 : 0.12);
      const filled = 1.05 - 0.5 * Math.exp(-served / 300);
      const noise = (1 + 0.06 * random.next()) / (1 + 0.06 * random.next());
      scan.add(time, 500 * (filled + (leaking * time) / 3600) * noise, 500, served);
      most = Math.max(most, scan.finding().nats);
    }
    return most >= plain;
  });

  expect(ended).toEqual(ended.map(() => isLeak));
});
