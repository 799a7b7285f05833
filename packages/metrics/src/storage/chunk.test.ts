import { randomInteger, seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { ChunkWriter, readChunk } from "./chunk.ts";

type Entry = readonly [time: number, value: number | "stale"];

function roundTrip(entries: readonly Entry[]): { read: Entry[]; bytes: number } {
  const writer = new ChunkWriter(entries[0]?.[0] ?? 0);
  for (const [time, value] of entries) writer.append(time, value === "stale" ? undefined : value);
  const read: Entry[] = [];
  const chunk = writer.chunk(true);
  readChunk(chunk, { sample: (time, value) => read.push([time, value]), stale: (time) => read.push([time, "stale"]) });
  return { read, bytes: chunk.bytes.length };
}

test("every number comes back, bit for bit, at its time", () => {
  const random = seededRandom(3);
  const odd = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 1e308, -1, 2 ** 53, 0.1];
  let time = 1_700_000_000_000;
  const entries = Array.from({ length: 5000 }, (): Entry => {
    time += 1 + randomInteger(random, randomInteger(random, 3) === 0 ? 100_000_000 : 30);
    const pick = randomInteger(random, 6);
    if (pick === 0) return [time, "stale"];
    if (pick === 1) return [time, odd[randomInteger(random, odd.length)] ?? 0];
    if (pick === 2) return [time, random.next() * 1e6];
    return [time, randomInteger(random, 10 ** (1 + randomInteger(random, 11))) - 1000];
  });

  const { read } = roundTrip(entries);

  expect(read).toHaveLength(entries.length);
  for (const [index, [at, value]] of entries.entries()) {
    expect(read[index]?.[0]).toBe(at);
    expect(Object.is(read[index]?.[1], value)).toBe(true);
  }
});

test("a counter at a steady interval takes two bytes a sample", () => {
  const entries = Array.from({ length: 240 }, (_, index): Entry => [1_700_000_000_000 + index * 1000, index * 90]);

  expect(roundTrip(entries).bytes).toBeLessThan(240 * 2 + 8);
});
