import { describeRefusal } from "@sluice/languages";
import { expect, test } from "vitest";
import { readRequirements } from "./read.ts";
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

test.each([
  ["caught(error +1pp) => 95%", "caught(error +1pp) >= 95%"],
  ["caught(error +1pp) ≥ 95%", "caught(error +1pp) >= 95%"],
  ["harmed(p95) =< 5", "harmed(p95) <= 5"],
  ["falseAborts <= 1", "falseAborts <= 1%"],
  ["falseAborts <= 0.01, asked <= 1%", "falseAborts <= 1%, asked <= 1%"],
  ["caught(error +1pp) >= 0.95", "caught(error +1pp) >= 95%"],
  ["harmed(p95) <= 5%", "harmed(p95) <= 5"],
  ["harmed <= 5", "harmed(p95) <= 5"],
  ["duration <= 5", "duration <= 5m"],
  ["waits <= 5%", "waits <= 5m"],
  ["falseAborts() <= 1%", "falseAborts <= 1%"],
  ["falseaborts <= 1%", "falseAborts <= 1%"],
  ["cought(error +1pp) >= 95%", "caught(error +1pp) >= 95%"],
  ["caught(error +1pp >= 95%", "caught(error +1pp) >= 95%"],
  ["asked <= 1%; waits < 1m", "asked <= 1%, waits < 1m"],
  ["asked <= 1%, ", "asked <= 1%"],
  ["", "caught(error +1pp) >= 95%, falseAborts <= 1%"],
  ["caught(eror +1pp) >= 95%", "caught(error +1pp) >= 95%"],
  ["asked <= 1%, harmed(p99) <= 5", "harmed(p95) <= 5"],
  ["harmed(p95, error +2pp) <= 5", "harmed(p95, error +1pp) <= 5"],
])("%j is repaired, and the repair can be read", (text, repair) => {
  const said = () => readRequirements(text, ["error +1pp", "never ready"]);

  expect(said).toThrow(`\n  write ${repair}`);
  expect(readRequirements(repair, ["error +1pp", "never ready"]).length).toBeGreaterThan(0);
});

test("a fault that isn't rehearsed is refused where it stands, with those that are", () => {
  const text = "asked <= 1%, caught(gremlins) >= 95%";

  expect(() => readRequirements(text, ["error +1pp", "never ready"])).toThrow(
    `requirement 1:21: found "gremlins", expected a fault that is rehearsed: error +1pp, never ready
  asked <= 1%, caught(gremlins) >= 95%
                      ^
  write caught(error +1pp) >= 95%`,
  );
});

test.each(["caught(error +1pp) >= 200%", "falseAborts <= 100.5 %"])("%s can't be told from never: refused", (text) => {
  expect(() => readRequirements(text, ["error +1pp"])).toThrow("expected 0 to 100 %");
});
