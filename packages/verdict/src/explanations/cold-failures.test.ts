import { expect, test } from "vitest";
import { ColdFailures } from "./cold-failures.ts";

/** One step of a minute, cold throughout: `observed` failures a window, where 10 are usual. */
function step(cold: ColdFailures, newest: number, observed: number): void {
  for (let window = 0; window < 6; window++) cold.see(observed, 10, 0.5, newest);
}

test("where nothing is known of a start, it may bring many failures", () => {
  const cold = new ColdFailures({ burst: 1, drift: 0.05 });
  step(cold, 0, 10);

  expect(cold.rise).toBe(2.7);
});

test("a step that started without failures leaves the next one little excuse", () => {
  const cold = new ColdFailures({ burst: 1, drift: 0.05 });
  step(cold, 0, 10);
  step(cold, 600, 40);

  expect(cold.rise).toBeLessThan(0.7);
});

test("a step that started with failures excuses as many in the next", () => {
  const cold = new ColdFailures({ burst: 1, drift: 0.05 });
  step(cold, 0, 20);
  step(cold, 600, 20);

  expect(cold.rise).toBeGreaterThan(1.9);
});

test("few failures or large bursts refute nothing", () => {
  const few = new ColdFailures({ burst: 1, drift: 0.05 });
  for (const newest of [0, 600]) few.see(0, 0.5, 0.5, newest);
  const bursts = new ColdFailures({ burst: 15, drift: 0.2 });
  for (const newest of [0, 600]) bursts.see(9, 10, 0.5, newest);

  expect(few.rise).toBe(2.7);
  expect(bursts.rise).toBe(2.7);
});
