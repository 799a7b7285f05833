import { expect, test } from "vitest";
import { others, ringTrafficOf } from "./ring-traffic.ts";

test("whom a ring names, what part of all requests they made, and what of it the new version got; all others as one", () => {
  const row = (ring: string, by: string, destination: string, count: number) => ({
    metric: { ring, by, destination },
    value: [0, String(count)] as const,
  });

  const traffic = ringTrafficOf({
    data: {
      result: [
        row("employees", "who", "canary", 10),
        row("employees", "weight", "canary", 10),
        row("everyone", "share", "canary", 8),
        row("everyone", "share", "stable", 72),
      ],
    },
  });

  expect([...traffic]).toEqual([
    ["employees", { requests: 0.1, toCanary: 1 }],
    [others, { requests: 0.9, toCanary: 0.2 }],
  ]);
});

test("nothing is said of rings that nobody was in", () => {
  expect(ringTrafficOf({ data: { result: [] } }).size).toBe(0);
});
