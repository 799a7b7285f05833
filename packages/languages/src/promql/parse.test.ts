import { expect, test } from "vitest";
import { describeRefusal } from "../parsed.ts";
import { compileMatcher } from "./matchers.ts";
import { parsePromql } from "./parse.ts";
import type { Expression } from "./syntax.ts";

function parse(text: string): Expression {
  const outcome = parsePromql(text);
  if (outcome.is === "refused") throw new Error(describeRefusal(outcome.refusal, text));
  return outcome.value;
}

/** Full parentheses make the grouping visible. */
function shape(expression: Expression): string {
  switch (expression.is) {
    case "number":
      return String(expression.value);
    case "binary":
      return `(${shape(expression.left)} ${expression.operator} ${shape(expression.right)})`;
    case "unary":
      return `(${expression.operator}${shape(expression.operand)})`;
    case "parenthesis":
      return shape(expression.inner);
    case "selector":
      return expression.matchers[0]?.value ?? "";
    default:
      return expression.is;
  }
}

test.each([
  ["1 + 2 * 3 ^ 2 ^ 2", "(1 + (2 * (3 ^ (2 ^ 2))))"],
  ["-1^2", "(-(1 ^ 2))"],
  ["2/-2^---1*3+2", "(((2 / (-(2 ^ (-(-(-1)))))) * 3) + 2)"],
  ["a or b and c unless d", "(a or ((b and c) unless d))"],
  ["a - b - c", "((a - b) - c)"],
  ["a == bool b + 1", "(a == (b + 1))"],
  ["0x1F + 1_000 + 5m + .5e1 + 2.", "((((31 + 1000) + 300) + 5) + 2)"],
  ["a AND oN (x) b", "(a and b)"],
  ["bool + on + sum + offset", "(((bool + on) + sum) + offset)"],
])("%s groups as %s", (text, expected) => {
  expect(shape(parse(text))).toBe(expected);
});

test("a canary query keeps its labels, range and grouping", () => {
  const expression = parse(
    'histogram_quantile(0.95, sum(rate(d_bucket{service=~"a|b", code!="5x"}[5m] offset 1m)) by (le))',
  );

  expect(expression).toMatchObject({
    is: "call",
    name: "histogram_quantile",
    parameters: [
      { is: "number", value: 0.95 },
      {
        is: "aggregation",
        aggregator: "sum",
        grouping: { keep: "by", labels: ["le"] },
        operand: {
          is: "call",
          name: "rate",
          parameters: [
            {
              is: "range",
              range: 300_000,
              selector: {
                offset: 60_000,
                matchers: [
                  { label: "__name__", operator: "=", value: "d_bucket" },
                  { label: "service", operator: "=~", value: "a|b" },
                  { label: "code", operator: "!=", value: "5x" },
                ],
              },
            },
          ],
        },
      },
    ],
  });
});

test.each([
  ["", "1:1: found the end of the query, expected an expression"],
  ["foo bar", '1:5: found "bar", expected an operator or the end of the query'],
  ["sum(\n  foo", '2:6: found the end of the query, expected ")" or an operator after a parameter'],
  ["rate(foo)", "1:6: found an instant vector, expected a range vector as parameter 1 of rate()"],
  [
    "foo[5m",
    '1:7: found the end of the query, expected "]" after the range (arithmetic with durations is not supported)',
  ],
  [
    '{a=~".*"}',
    '1:1: found "{", expected a matcher that doesn\'t match the empty string, or the query would read everything',
  ],
  ["1 == 1", '1:3: found "==", expected == bool: comparing two scalars yields 0 or 1'],
  ["a + on(x) 1", '1:3: found "+", expected no on() or ignoring() unless both sides of + are instant vectors'],
  ["a and on(x) group_left b", '1:13: found "group_left", expected no grouping: and always matches many to many'],
])("%j is refused with its place", (text, expected) => {
  const outcome = parsePromql(text);

  expect(outcome.is === "refused" && describeRefusal(outcome.refusal, text)).toBe(expected);
});

test.each([
  "limitk(3, foo)",
  "info(foo)",
  "holt_winters(foo[5m], 0.1, 0.2)",
  "histogram_fraction(0, 1, foo)",
  "foo smoothed",
  "a + fill(0) b",
  "a </ b",
  "foo[5m+1m]",
  "foo offset (5m*2)",
])("%s is valid elsewhere and refused by name here", (text) => {
  const outcome = parsePromql(text);

  expect(outcome.is === "refused" && outcome.refusal.expected).toMatch(/not|experimental/);
});

test.each(['foo{a=~"("}', 'foo{a=~"a)|(b"}', 'foo{a="\\q"}', "foo{a='\\xff'}", "1e2m", "(".repeat(500)])(
  "%j is refused",
  (text) => {
    expect(parsePromql(text).is).toBe("refused");
  },
);

test("regular expressions are anchored, linear and RE2", () => {
  const matches = (pattern: string, value: string) => {
    const test = compileMatcher({ label: "x", operator: "=~", value: pattern });
    return test.is === "parsed" && test.value(value);
  };

  expect(matches("2..", "200")).toBe(true);
  expect(matches("2..", "2000")).toBe(false);
  expect(matches("GET|POST", "POSTS")).toBe(false);
  expect(matches("(?i:get)", "GeT")).toBe(true);
  expect(matches("a.b", "a\nb")).toBe(true);
  expect(matches("(a+)+", `${"a".repeat(5000)}!`)).toBe(false);
});
