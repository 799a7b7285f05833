import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/fixtures/longest-first.ts";

const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  pool: "forks",
  // For the workers and for what they start from source: hundreds of processes that compile the same.
  env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules", ".cache", "compiled") },
} as const;
// What runs beside each other, and its modules are loaded once a worker, not once a file: they keep no state.
const rooms = { ...shared, maxWorkers: 2, isolate: false, sequence: { groupOrder: 0 } } as const;
const whole = { ...shared, globalSetup: "test/fixtures/installed.ts", maxConcurrency: 3 } as const;
/** They measure how long an answer takes or judge by it, or run three programs beside each other by themselves. */
const alone = ["docs", "demo", "faults", "hostile", "machine", "processes", "blue-green-rollout", "gitops/gitops"].map(
  (name) => `test/${name}.test.ts`,
);

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...rooms, name: "console", include: ["packages/console/**/*.test.{ts,tsx}"] } },
      {
        test: {
          ...rooms,
          name: "rooms",
          include: ["packages/**/*.test.ts"],
          exclude: ["packages/console/**", "**/node_modules/**"],
          // Node itself loads them: a third less time than as a bundler's modules, whose imports are getters.
          experimental: { viteModuleRunner: false, nodeLoader: false },
        },
      },
      {
        // Whole programs, which wait more than they work: two files at a time, and after the rooms.
        test: {
          ...whole,
          name: "whole",
          include: ["test/**/*.test.ts"],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Nothing else takes their processors.
        test: { ...whole, name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
