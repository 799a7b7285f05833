import { expect, test } from "vitest";
import type { Judgement } from "../kinds/sluice/judgement.ts";
import { verdictWord } from "./verdict-words.ts";

const judged = (spec: Partial<Judgement["spec"]>): Pick<Judgement, "spec" | "status"> => ({
  spec: { plan: [{ weight: 20, seconds: 60 }], ...spec } as Judgement["spec"],
  status: { action: "rollback" },
});

test.each([
  ["of a canary", {}, "takes it back"],
  ["of a preview, which users don't meet", { plan: [{ weight: 0, seconds: 0 }] }, "asks a person"],
  ["after the switch", { plan: [{ weight: 100, seconds: 0 }], comparedWith: "before" }, "takes it back"],
] as const)("what follows of a rollback %s", (_title, spec, word) => {
  expect(verdictWord(judged(spec))).toBe(word);
});
