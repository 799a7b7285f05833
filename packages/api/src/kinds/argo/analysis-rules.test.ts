import { expect, test } from "vitest";
import { analysisRefusals } from "../../testing/refusals/analysis.ts";
import { saidOf } from "../../testing/refuses.ts";

test.each(analysisRefusals)("%s %j", (kind, changes, path, words) => {
  expect(saidOf(kind, changes, path)).toContain(words);
});
