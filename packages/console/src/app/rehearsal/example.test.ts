import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exampleManifests } from "./example.ts";

test("the example is the documentation's, whose every block is run", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../../docs/rehearsal.md"), "utf8");

  expect(/```yaml file=rollout.yaml\n([\s\S]*?)```/.exec(page)?.[1]).toBe(exampleManifests);
});
