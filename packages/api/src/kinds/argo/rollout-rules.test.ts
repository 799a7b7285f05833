import { expect, test } from "vitest";
import { blueGreenRefusals } from "../../testing/refusals/blue-green.ts";
import { canaryRefusals } from "../../testing/refusals/canary.ts";
import { rolloutRefusals } from "../../testing/refusals/rollout.ts";
import { saidOf } from "../../testing/refuses.ts";

test.each([...rolloutRefusals, ...canaryRefusals, ...blueGreenRefusals])("%s %j", (kind, changes, path, words) => {
  expect(saidOf(kind, changes, path)).toContain(words);
});
