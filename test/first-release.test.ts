// Follows docs/first-release.md to the letter.
import { test } from "vitest";
import { blocksOf, hasCommand, Reader } from "./fixtures/document.ts";

test("a person's own application gets from nothing to its first canary", async () => {
  const reader = new Reader();
  const inPython = (heading: string) => heading.includes("another language");
  if (!hasCommand("python3")) console.warn("python3 is missing: the half in another language was skipped");
  const blocks = blocksOf("first-release.md").filter(({ heading }) => hasCommand("python3") || !inPython(heading));

  try {
    await reader.follow(blocks);
  } finally {
    await reader.leave();
  }
}, 400_000);
