import { describeRefusal } from "@sluice/languages";
import { expect, test } from "vitest";
import { parseRequirements } from "./requirement.ts";

test("several requirements with profiles, arguments and units", () => {
  const text = "caught(error +1pp) >= 95%, falseAborts <= 1 %, argo.harmed(p95) <= 500, duration < 2h";

  const read = parseRequirements(text);

  expect(read).toMatchObject({
    is: "parsed",
    value: [
      { profile: "sluice", measure: "caught", argument: "error +1pp", operator: ">=", limit: 0.95 },
      { profile: "sluice", measure: "falseAborts", argument: undefined, operator: "<=", limit: 0.01 },
      { profile: "argo", measure: "harmed", argument: "p95", operator: "<=", limit: 500 },
      { profile: "sluice", measure: "duration", operator: "<", limit: 7200 },
    ],
  });
});

test.each([
  ["cought(x) >= 1%", '1:1: found "cought(x) >=", expected one of caught, falseAborts, asked, harmed, duration, waits'],
  ["caught >= 1%", `1:8: found ">= 1%", expected (a fault's name)`],
  ["caught(x >= 1%", '1:15: found the end, expected ")"'],
  ["caught(x) = 1%", '1:11: found "= 1%", expected <=, >=, < or >'],
  ["caught(x) >= lots", '1:14: found "lots", expected a number'],
  ["caught(x) >= 95", "1:16: found the end, expected %"],
  ["harmed(p95) <= 5%", '1:17: found "%", expected a plain number'],
  ["duration <= 5", "1:14: found the end, expected s, m, h or d"],
  ["falseAborts() <= 1%", '1:12: found "() <= 1%", expected an operator: falseAborts takes nothing'],
  ["asked <= 1%; waits < 1m", '1:12: found "; waits < 1m", expected a comma or the end'],
])("%s is refused by position", (text, message) => {
  const read = parseRequirements(text);

  expect(read.is === "refused" && describeRefusal(read.refusal, text)).toBe(message);
});
