import { expect, test } from "vitest";
import { validate } from "../../index.ts";
import { saidOf } from "../../testing/refuses.ts";
import { definitionOf, sample } from "../../testing/samples.ts";

const path = "metadata.annotations[sluice.dev/undone]";
const undone = (word: string) => ({ "metadata.annotations": { "sluice.dev/undone": word } });

test.each([
  "v1",
  "{",
  "null",
  "[]",
  '{"version": 1, "instead": {}}',
  '{"version": "abc"}',
  '{"version": "abc", "instead": null}',
  '{"version": "abc", "instead": {"ConfigMap/web": 1}}',
])("%s is no word of an undo, and refused", (word) => {
  expect(saidOf("Rollout", undone(word), path)).toContain("sluice rollout undo");
});

test("what an undo writes is taken", () => {
  const word = JSON.stringify({ version: "abc", instead: { "ConfigMap/web": "0f" } });

  expect(saidOf("Rollout", undone(word), path)).toBe("only: []");
});

test("what stands there already stands in no other change's way", () => {
  const changed = sample("Rollout", { ...undone("v1"), "spec.replicas": 3 });

  expect(validate(definitionOf("Rollout"), changed, sample("Rollout", undone("v1")))).toEqual([]);
});
