import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedMap } from "./sorted-map.ts";

const key = fc.integer({ min: 0, max: 400 }).map((number) => `k${String(number).padStart(3, "0")}`);
const step = fc.record({ do: fc.constantFrom("set", "set", "delete"), key, value: fc.integer() });

test("law: it holds what a plain map holds, sorted, and old maps never change", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 600 }), key, (steps, probe) => {
      const plain = new Map<string, number>();
      let sorted = SortedMap.empty<number>();
      const past: { map: SortedMap<number>; entries: [string, number][] }[] = [];
      for (const { do: action, key: at, value } of steps) {
        if (action === "set") plain.set(at, value);
        else plain.delete(at);
        sorted = action === "set" ? sorted.set(at, value) : sorted.delete(at);
        if (value % 50 === 0) past.push({ map: sorted, entries: expected(plain) });
      }

      expect(entries(sorted)).toEqual(expected(plain));
      expect(sorted.size).toBe(plain.size);
      expect(sorted.get(probe)).toBe(plain.get(probe));
      expect(sorted.rank(probe)).toBe([...plain.keys()].filter((at) => at < probe).length);
      expect(entries(sorted, probe)).toEqual(expected(plain).filter(([at]) => at >= probe));
      for (const { map, entries: then } of past) expect(entries(map)).toEqual(then);
    }),
    { numRuns: 60 },
  );
});

const expected = (plain: ReadonlyMap<string, number>) => [...plain].sort(([a], [b]) => (a < b ? -1 : 1));

function entries(map: SortedMap<number>, from = ""): [string, number][] {
  const found: [string, number][] = [];
  map.scan(from, (value, at) => found.push([at, value]) > 0);
  return found;
}
