import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Suggestion } from "@sluice/rehearsal";
import { expect, test } from "vitest";
import { tellSuggestion } from "./suggestion.ts";

const rollout = { name: "web", namespace: "shop" };
const textOf = (name: string) =>
  `kind: Rollout\nmetadata: { name: ${name} }\nspec: { strategy: { canary: { steps: [{ setWeight: 20 }] } } } # kept\n`;
const weighed = { harmed: 100, seconds: 60, stopped: 0 };
const suggestion: Suggestion = {
  profile: "sluice",
  aim: "leastHarm",
  tried: 3,
  faults: ["error +1pp", "p95 x3"],
  before: weighed,
  better: { steps: [{ setWeight: 5 }], after: { ...weighed, harmed: 20 } },
};

function place(texts: readonly string[]) {
  const path = join(mkdtempSync(join(tmpdir(), "sluice-suggestion-")), "rollout.yaml");
  const text = texts.join("---\n");
  writeFileSync(path, text);
  return { path, text, at: { files: new Map([[path, text]]), rollout, write: true, color: false } };
}

test("what was found is written into the file, of two Rollouts in it one after the other", async () => {
  const { path, at, text } = place([textOf("web"), textOf("other")]);

  await tellSuggestion(suggestion, at);
  await tellSuggestion(suggestion, { ...at, rollout: { ...rollout, name: "other" } });

  expect(readFileSync(path, "utf8")).toBe(text.replaceAll("setWeight: 20", "setWeight: 5"));
});

test("a file that somebody changed meanwhile stays as it is", async () => {
  const { path, at } = place([textOf("web")]);
  writeFileSync(path, "# mine\n");

  const words = await tellSuggestion(suggestion, at);

  expect(words).toContain("changed meanwhile, and nothing was written");
  expect(readFileSync(path, "utf8")).toBe("# mine\n");
});

test("what plans were weighed by is said: it needn't be what was rehearsed", async () => {
  const { at } = place([textOf("web")]);

  expect(await tellSuggestion(suggestion, at)).toContain("\n  weighed by error +1pp, p95 x3\n  before  100 requests");
});

test("of standard input the diff is shown, and nothing is written", async () => {
  const files = new Map([["<stdin>", textOf("web")]]);

  const words = await tellSuggestion(suggestion, { files, rollout, write: true, color: false });

  expect(words).toContain("setWeight: 5");
  expect(words).toContain("standard input can't be written to");
});

test("where no number can be changed alone, the steps are told", async () => {
  const aliased = textOf("web").replace("setWeight: 20", "setWeight: *w").replace("kind:", "w: &w 20\nkind:");
  const { path, at } = place([aliased]);

  const words = await tellSuggestion(suggestion, at);

  expect(words).toMatch(/as steps they are:\n {4}- setWeight: 5\n {2}--write: nothing was written/);
  expect(readFileSync(path, "utf8")).toBe(aliased);
});
