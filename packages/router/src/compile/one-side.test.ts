import type { Service } from "@sluice/api";
import { expect, test } from "vitest";
import { type LabelledEndpoint, oneSide } from "./one-side.ts";

const service = { spec: { selector: { app: "web", hash: "v2" } } } as unknown as Service;
const endpoint = (hash: string, index: number, more: object = {}): LabelledEndpoint => ({
  entry: { uid: `${hash}-${index}`, address: "127.0.0.1", ports: [80], ...more },
  labels: { app: "web", hash },
});
const some = (hash: string, count: number, more?: object) =>
  Array.from({ length: count }, (_, index) => endpoint(hash, index, more));
const seen = (...endpoints: LabelledEndpoint[]) => [
  ...new Set(oneSide(service, endpoints).map(({ labels }) => labels?.hash)),
];

// A switch as its writes land: three of v1, v2 come one by one, v1 go one by one.
test.each([
  [3, 0, ["v1"]],
  [3, 1, ["v1"]],
  [3, 2, ["v1"]],
  [3, 3, ["v2"]],
  [2, 3, ["v2"]],
  [0, 3, ["v2"]],
  // Fewer than there were: as soon as the old ones are as few.
  [3, 2, ["v1"]],
  [2, 2, ["v2"]],
])("%i that the selector left and %i that it names: %j answers", (left, selected, expected) => {
  expect(seen(...some("v1", left), ...some("v2", selected))).toEqual(expected);
});

test("who isn't ready doesn't count, and where nobody new is, the old ones stay", () => {
  const sleeping = { state: "notReady" } as const;

  expect(seen(...some("v1", 1), ...some("v2", 3, sleeping))).toEqual(["v1"]);
  expect(seen(...some("v1", 3, sleeping), ...some("v2", 1))).toEqual(["v2"]);
  expect(seen(...some("v1", 3, sleeping))).toEqual(["v1"]);
});

test("endpoints whose Pods aren't known stay as they are", () => {
  const unknown: LabelledEndpoint = { ...endpoint("v1", 0), labels: undefined };

  expect(oneSide(service, [unknown, endpoint("v2", 0)])).toHaveLength(2);
});
