import { expect, test } from "vitest";
import { isRingOn, ringText } from "./rings.ts";

test.each([
  [5, 0, false],
  [5, 4, false],
  [5, 5, true],
  [0, 0, false],
  [100, 100, true],
])("a ring from %d %% on, at %d %%: %s", (weight, at, expected) => {
  expect(isRingOn({ name: "ring", weight }, at)).toBe(expected);
});

test.each([
  [{}, "everybody, as far as the weight goes"],
  [{ share: 30 }, "30 % of everybody"],
  [{ who: [{ header: "x-employee", operator: "equals", values: ["true"] }] }, "header x-employee is true"],
  [
    {
      who: [
        { cookie: "program", operator: "in", values: ["beta", "preview"] },
        { header: "region", operator: "not_in", values: ["eu"] },
      ],
      share: 5,
    },
    "cookie program is one of beta, preview; or header region is none of eu; and 5 % of all others",
  ],
] as const)("whom it takes in, in words", (ring, expected) => {
  expect(ringText({ name: "ring", weight: 1, ...ring })).toBe(expected);
});
