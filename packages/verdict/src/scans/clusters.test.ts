import { expect, test } from "vitest";
import { clustersOfCanary, clustersOfControl, meanSize } from "./clusters.ts";

test("failures that come singly are as many clusters, those of one burst are one", () => {
  const size = meanSize(7);

  expect(size).toBe(4);
  expect(clustersOfCanary(1, 0.01, size)).toBe(1);
  expect(clustersOfCanary(12, 0.01, size)).toBe(1);
  expect(clustersOfControl(1, size)).toBe(1);
  expect(clustersOfControl(12, size)).toBe(3);
});

test("where many clusters are usual, the canary's events are about as many", () => {
  expect(clustersOfCanary(400, 100, 4)).toBeCloseTo(100, -1);
});

test("a service without bursts has as many clusters as failures", () => {
  expect(meanSize(1)).toBe(1);
  expect(clustersOfCanary(9, 0.5, 1)).toBe(9);
  expect(clustersOfControl(9, 1)).toBe(9);
});
