import { defineConfig } from "vitest/config";

const shared = { testTimeout: 60_000, hookTimeout: 60_000, pool: "forks" } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: "rooms",
          include: ["packages/**/*.test.{ts,tsx}"],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole programs under load: one file at a time, and after the rooms, so that nothing else takes their processors.
        test: {
          ...shared,
          name: "whole",
          globalSetup: "test/fixtures/installed.ts",
          include: ["test/**/*.test.ts"],
          maxWorkers: 1,
          fileParallelism: false,
          maxConcurrency: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
