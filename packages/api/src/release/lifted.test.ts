import { expect, test } from "vitest";
import type { Quarantine } from "../kinds/sluice/quarantine.ts";
import { isLifted } from "./lifted.ts";

test.each<[Partial<Quarantine["spec"]>, Quarantine["status"], boolean]>([
  [{}, undefined, false],
  [{ liftedBy: "" }, {}, false],
  [{ liftedBy: "ada" }, undefined, true],
  [{}, { lifted: true }, true],
])("spec %j and status %j: lifted %s", (spec, status, expected) => {
  expect(isLifted({ spec, status } as Quarantine)).toBe(expected);
});
