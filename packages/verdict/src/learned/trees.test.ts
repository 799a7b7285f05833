import { expect, test } from "vitest";
import { shippedModel } from "../generated/model.ts";
import { inputNames } from "./inputs.ts";
import { faultOf, scoreOf, type TreeModel, type Trees } from "./trees.ts";

const part: Trees = {
  base: -1,
  neutral: 2,
  // Latency up to 4: -0.5; above, the weight decides.
  trees: [[0, 4, 1, 2, -1, -0.5, 0, 0, 1, 0.1, 3, 4, -1, 1, 0, 0, -1, 2, 0, 0]],
};
const model: TreeModel = { version: 2, inputs: ["latency", "weight"], parts: { slowness: part } };

test.each([
  [[4, 1], -1.5],
  [[5, 0.1], 0],
  [[5, 0.2], 1],
])("%j scores %d", (inputs, score) => {
  expect(scoreOf(part, inputs)).toBe(score);
});

test.each([
  [{ version: 1 as 2 }, "version: found 1, expected 2"],
  [{ inputs: ["weight", "latency"] }, "inputs"],
  [{ parts: { failures: { ...part, neutral: Number.NaN } } }, "parts.failures: base, neutral: expected numbers"],
  [{ parts: { slowness: { ...part, trees: [[0, 4, 1]] } } }, "parts.slowness: trees[0]: expected four numbers a node"],
  [{ parts: { slowness: { ...part, trees: [[0, 4, 0, 0]] } } }, "trees[0]: node 0 leads nowhere"],
  [{ parts: { slowness: { ...part, trees: [[7, 4, 1, 2, -1, 0, 0, 0, -1, 0, 0, 0]] } } }, "node 0 leads nowhere"],
])("a model with %j is refused", (change, fault) => {
  expect(faultOf(model, ["latency", "weight"])).toBeUndefined();
  expect(faultOf({ ...model, ...change }, ["latency", "weight"])).toContain(fault);
});

test("a model that is shipped is whole, for these inputs, and small", () => {
  expect(shippedModel === undefined ? undefined : faultOf(shippedModel, inputNames)).toBeUndefined();
  expect(JSON.stringify(shippedModel ?? model).length).toBeLessThan(100_000);
});
