import { expect, test } from "vitest";
import { type Refusal, saidOf } from "../../testing/refuses.ts";

const refusals: readonly Refusal[] = [
  ["RollbackPolicy", { "spec.model": { url: "ftp://model" } }, "spec.model.url", "^https?://"],
  ["RollbackPolicy", { "spec.model": { url: "https://ada:s3cret@model/predict" } }, "spec.model.url", "tokenSecretRef"],
];

test.each(refusals)("%s %j", (kind, changes, path, words) => {
  const said = saidOf(kind, changes, path);

  expect(said).toContain(words);
  expect(said).not.toContain("s3cret");
});
