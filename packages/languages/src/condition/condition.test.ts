import { expect, test } from "vitest";
import { checkCondition, evaluateCondition } from "./index.ts";

const nan = Number.NaN;

test.each<[condition: string, result: unknown, answer: boolean]>([
  ["result[0] >= 0.95", [0.97], true],
  ["result[0] >= 0.95", [0.9], false],
  ["result[0] >= 0.95 && result[0] <= 1", [0.97], true],
  ["result[0] < 0.5 or result[0] > 0.9", [0.97], true],
  ["not (result[0] > 1)", [0.97], true],
  ["!(result[0] > 1)", [0.97], true],
  ["result >= 0.95", 0.97, true],
  ["result >= 0.95", nan, false],
  ["result < 0.95", nan, false],
  ["isNaN(result) || result < 0.05", nan, true],
  ["isNaN(result[0])", [nan], true],
  ["isInf(result)", Number.POSITIVE_INFINITY, true],
  ["len(result) == 0 || result[0] < 1", [], true],
  ["len(result) > 0 && isNaN(result[0])", [], false],
  ["all(result, {# > 1})", [2, 3], true],
  ["all(result, # > 1)", [2, 0], false],
  ["any(result, {# > 2})", [2, 3], true],
  ["none(result, {# > 9})", [2, 3], true],
  ["one(result, {# > 2})", [2, 3], true],
  ["len(filter(result, {# > 1})) == 2", [1, 2, 3], true],
  ["map(result, # * 2)[1] == 4", [1, 2, 3], true],
  ["count(result, # > 1) == 2", [1, 2, 3], true],
  ["sum(result) == 6", [1, 2, 3], true],
  ["max(result) - min(result) <= 2", [1, 2, 3], true],
  ["result.ok == true", { ok: true }, true],
  ["result.data.ok && result.data.count > 3", { data: { ok: true, count: 4 } }, true],
  ["(result['data']?.missing?.deep ?? 'none') == 'none'", { data: {} }, true],
  ["(result.missing ?? 5) == 5", {}, true],
  ["result.a?.b.c == nil", {}, true],
  ["'ok' in result", { ok: 1 }, true],
  ["2 in result", [1, 2], true],
  ["result not in [1, 2]", 3, true],
  ["result in 1..3", 2, true],
  ["result == 'true'", "true", true],
  ["result contains 'ell' and result startsWith 'h' and result endsWith 'o'", "hello", true],
  ["result matches '^h.*o$'", "hello", true],
  ["asInt(result) > 41", "42", true],
  ["asFloat(result) > 41.5", "42", true],
  ["default(result, 0) == 0", null, true],
  ["default(result, 0) == 5", 5, true],
  ["isNil(result)", null, true],
  ["isNil(result)", 1, false],
  ["result > 1 ? true : false", 2, true],
  ["0 <= result < 1", 0.5, true],
  ["0 <= result < 1", 1, false],
  ["7 % 4 == 3 && 7 / 2 == 3.5 && 2 ** 3 == 8 && 2 ^ 3 == 8", 0, true],
  ["-result < 0 and +result > 0", 2, true],
  ["result[-1] == 3", [1, 2, 3], true],
  ["len(result[1:]) == 2 && result[:1][0] == 1", [1, 2, 3], true],
  ["{a: 1}.a == 1 && {'b': 2}['b'] == 2", 0, true],
  ["[1, 2] == [1, 2]", 0, true],
  ["1_000 == 1e3 && 0x10 == 16 && .5 == 0.5", 0, true],
  ["result | all(# > 0)", [1, 2], true],
  ["all(result, .ok)", [{ ok: true }, { ok: true }], true],
  ["result.items[0].name == `x`", { items: [{ name: "x" }] }, true],
  ["true || result[5] > 1", [1], true],
  ["// a comment\nresult > 1", 2, true],
  ["len('żółw') == 4", 0, true],
])("%s on %j is %s", (condition, result, answer) => {
  expect(evaluateCondition(condition, result)).toEqual({ is: "decided", answer });
});

test.each<[condition: string, result: unknown, message: string]>([
  ["result[0] > 1", [], "index out of range: 0 (array length is 0)"],
  ["result[3] > 1", [1], "index out of range: 3 (array length is 1)"],
  ["result[-2] > 1", [1], "index out of range: -1 (array length is 1)"],
  ["result[0]", [1], "expected bool, but got float64"],
  ["len(result)", [1], "expected bool, but got int"],
  ["'yes'", 0, "expected bool, but got string"],
  ["result.missing", {}, "expected bool, but got <nil>"],
  ["result == 'a'", 1, "invalid operation: == (mismatched types float64 and string)"],
  ["true || result == 'a'", 1, "invalid operation: == (mismatched types float64 and string)"],
  ["result > 1", [1], "invalid operation: > (mismatched types []float64 and int)"],
  ["result.count > 1", { count: "many" }, "invalid operation: string > int"],
  ["result && true", 1, "invalid operation: and (mismatched types float64 and bool)"],
  ["!result", 1, "invalid operation: not (mismatched type float64)"],
  ["result % 2 == 0", 4, "invalid operation: % (mismatched types float64 and int)"],
  ["1 % 0 == 0", 4, "runtime error: integer divide by zero"],
  ["isNaN(1)", 4, "cannot use int as argument (type float64) to call isNaN"],
  ["asInt(result) == 1", "1.5", 'strconv.ParseInt: parsing "1.5": invalid syntax'],
  ["asFloat(result) == 1", "abc", 'strconv.ParseFloat: parsing "abc": invalid syntax'],
  ["asInt(result) == 1", true, "asInt() not supported on bool true"],
  ["result >", 1, "unexpected token EOF"],
  ["result > )", 1, 'unexpected token Operator(")")'],
  ["result @ 1", 1, 'unrecognized character: "@"'],
  ["results > 1", 1, "unknown name results"],
  ["nope(result)", 1, "unknown name nope"],
  ["# > 1", 1, 'unexpected token Operator("#")'],
  ["'open", 1, "literal not terminated"],
  ["1 ? true : false", 1, "non-bool expression (type int) used as condition"],
  ["map(result, #) == 1", 1, "builtin map takes only array (got float64)"],
  ["all(result, # + 1)", [1], "predicate should return boolean (got float64)"],
  ["len(1..2000000) > 0", 0, "memory budget exceeded"],
  ["all(1..999, all(1..999, all(1..999, true)))", 0, "memory budget exceeded"],
  ["result.now()", {}, "method now can't be called: a result has no methods"],
  ["len(result, 1) > 1", [1], "too many arguments to call len"],
  ["a ?? b > 1", 1, "Operator (>) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses."],
])("%s on %j fails: %s", (condition, result, message) => {
  const outcome = evaluateCondition(condition, result);

  expect(outcome).toMatchObject({ is: "error", message });
});

test("a fault says where it stands", () => {
  expect(checkCondition("result[0] > 1\n  && nope(result)")).toEqual({
    message: "unknown name nope",
    at: { offset: 19, line: 2, column: 6 },
  });
});

test("a condition that could hold for some result is not refused", () => {
  expect(checkCondition("result[0] >= 0.95")).toBeUndefined();
  expect(checkCondition("len(result)")?.message).toBe("expected bool, but got int");
});

test("a condition nested without end is refused, not crashed on", () => {
  expect(checkCondition("(".repeat(10_000))?.message).toBe("the condition is nested too deeply");
});
