import type { Resource } from "@sluice/api";
import { after, formatInstant, instant, minutes, parseInstant, seconds } from "@sluice/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyState } from "../state.ts";
import { Records } from "./retention.ts";

const table = "/Event";
const limit = { age: minutes(10), count: 5 };
const step = fc.record({
  row: fc.integer({ min: 0, max: 9 }),
  does: fc.constantFrom("write", "write", "write", "remove"),
  wait: fc.integer({ min: 1, max: 120 }),
});

interface CoreEvent extends Resource {
  readonly lastTimestamp: string;
}

const eventSeenAt = (name: string, seen: number): CoreEvent => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name, namespace: "default", creationTimestamp: formatInstant(instant(0)) },
  lastTimestamp: formatInstant(instant(seen)),
});

test("law: the youngest so many stay as long as their time lasts, however often they were seen again", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const records = new Records({ [table]: limit }, emptyState(0));
      const known = new Map<string, CoreEvent>();
      const seenAt = (name: string) => parseInstant((known.get(name) as CoreEvent).lastTimestamp) ?? 0;
      let now = instant(0);

      for (const [revision, { row, does, wait }] of steps.entries()) {
        now = after(now, seconds(wait));
        const name = String(row);
        const before = known.get(name);
        const object = eventSeenAt(name, now);
        if (does === "write") known.set(name, object);
        else known.delete(name);
        records.follow({
          table,
          row: `default\u0000${name}`,
          revision,
          ...(before === undefined ? {} : { before }),
          ...(does === "write" ? { after: object } : {}),
          last: object,
        });
      }

      const youngest = [...known.keys()].sort((a, b) => seenAt(b) - seenAt(a)).slice(0, limit.count);
      const stay = new Set(youngest.filter((name) => seenAt(name) + limit.age > now));
      const expired = records.sweep(now).expired.map(({ metadata }) => metadata.name);
      expect(new Set(expired)).toEqual(new Set([...known.keys()].filter((name) => !stay.has(name))));
    }),
    { numRuns: 200 },
  );
});
