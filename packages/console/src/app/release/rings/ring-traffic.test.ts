import { expect, test } from "vitest";
import { ringTrafficOf } from "./ring-traffic.ts";

test("each ring's part of all requests, and what of it the new version got", () => {
  const row = (ring: string, destination: string, count: number) => ({
    metric: { ring, destination },
    value: [0, String(count)] as const,
  });

  const traffic = ringTrafficOf({
    data: { result: [row("employees", "canary", 10), row("everyone", "canary", 18), row("everyone", "stable", 72)] },
  });

  expect([...traffic]).toEqual([
    ["employees", { requests: 0.1, toCanary: 1 }],
    ["everyone", { requests: 0.9, toCanary: 0.2 }],
  ]);
});

test("nothing is said of rings that nobody was in", () => {
  expect(ringTrafficOf({ data: { result: [] } }).size).toBe(0);
});
