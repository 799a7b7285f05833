import { expect, test } from "vitest";
import { shippedModel } from "../generated/model.ts";
import { inputNames } from "./inputs.ts";
import { faultOf, scoreOf, type TreeModel } from "./trees.ts";

const model: TreeModel = {
  version: 1,
  inputs: ["latency", "weight"],
  base: -1,
  sure: 2,
  sureAtOnce: 3,
  suspicious: 1,
  // Latency up to 4: -0.5; above, the weight decides.
  trees: [[0, 4, 1, 2, -1, -0.5, 0, 0, 1, 0.1, 3, 4, -1, 1, 0, 0, -1, 2, 0, 0]],
};

test.each([
  [[4, 1], -1.5],
  [[5, 0.1], 0],
  [[5, 0.2], 1],
])("%j scores %d", (inputs, score) => {
  expect(scoreOf(model, inputs)).toBe(score);
});

test.each([
  [{ version: 2 as 1 }, "version: found 2, expected 1"],
  [{ inputs: ["weight", "latency"] }, "inputs"],
  [{ sure: Number.NaN }, "expected numbers"],
  [{ sureAtOnce: 1 }, "less than sure"],
  [{ trees: [[0, 4, 1]] }, "trees[0]: expected four numbers a node"],
  [{ trees: [[0, 4, 0, 0]] }, "trees[0]: node 0 leads nowhere"],
  [{ trees: [[7, 4, 1, 2, -1, 0, 0, 0, -1, 0, 0, 0]] }, "node 0 leads nowhere"],
])("a model with %j is refused", (change, fault) => {
  expect(faultOf(model, ["latency", "weight"])).toBeUndefined();
  expect(faultOf({ ...model, ...change }, ["latency", "weight"])).toContain(fault);
});

test("a model that is shipped is whole, for these inputs, and small", () => {
  expect(shippedModel === undefined ? undefined : faultOf(shippedModel, inputNames)).toBeUndefined();
  expect(JSON.stringify(shippedModel ?? model).length).toBeLessThan(100_000);
});
