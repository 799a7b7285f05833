import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fixFiles, lintFiles } from "../index.ts";

const example = (name: string) =>
  readFileSync(new URL(`../../../../../examples/rings/${name}.yaml`, import.meta.url), "utf8");
const rollout = example("rollout");
const rings = example("rings");

const lint = (rolloutText: string, ...others: readonly string[]) =>
  lintFiles(
    [rolloutText, ...others, example("routes"), example("analysis")].map((text, index) => ({
      path: `${index}.yaml`,
      text,
    })),
  ).map(({ rule, path, what }) => ({ rule, path, what }));

test("the example has nothing to complain about", () => {
  expect(lint(rollout, rings)).toEqual([]);
});

test("rings that name nobody are told what that means for users", () => {
  const plain = rollout.replace(/ {2}annotations:\n.*rings: global\n/, "");

  expect(lint(plain, rings)).toMatchObject([
    { rule: "ring-without-who", path: "spec.strategy.canary.steps[1].setWeight", what: expect.stringContaining("1 %") },
  ]);
  expect(lint(plain.replaceAll("frontend-ring-deployment", "frontend"), rings)).toEqual([]);
});

test("a RingSet must be there, and its rings come on one by one", () => {
  expect(lint(rollout.replace("rings: global", "rings: globe"), rings)).toMatchObject([{ rule: "missing-reference" }]);
  expect(lint(rollout, rings.replace("weight: 1\n", "weight: 2\n"))).toMatchObject([
    { rule: "ring-without-step", what: expect.stringContaining("employees (2 %)") },
    { rule: "no-ring-on", path: "spec.strategy.canary.steps[1].setWeight" },
  ]);
  expect(lint(rollout, rings.replace("weight: 25", "weight: 30"))).toMatchObject([
    { rule: "ring-without-step", what: expect.stringContaining("region (30 %)") },
  ]);
});

const fixed = (rolloutText: string) =>
  fixFiles(
    [rolloutText, rings, example("routes"), example("analysis")].map((text, index) => ({
      path: `${index}.yaml`,
      text,
    })),
    lintFiles,
  ).files[0]?.text;

test("what has one repair only is written", () => {
  const nameless = fixed(rollout.replace(/ {2}annotations:\n.*rings: global\n/, "")) ?? "";

  expect(lint(nameless, rings)).toEqual([]);
  expect(nameless).toContain("sluice.dev/rings: global");
  expect(fixed(rollout.replace("rings: global", "rings: globl"))).toBe(rollout);
  const early = rings.replace("weight: 1\n", "weight: 2\n");
  const lifted = fixFiles(
    [rollout, early, example("routes"), example("analysis")].map((text, index) => ({ path: `${index}.yaml`, text })),
    lintFiles,
  ).files[0]?.text;
  expect(lint(lifted ?? "", early)).toEqual([]);
  expect(lifted).toContain("setWeight: 2\n");
});
