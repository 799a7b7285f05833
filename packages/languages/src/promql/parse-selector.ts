import { millis } from "@sluice/kernel";
import { compileMatcher, matchesEmpty } from "./matchers.ts";
import type { LabelMatcher, MatchOperator, VectorSelector } from "./syntax.ts";
import type { TokenReader } from "./token-reader.ts";

const labelName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `name`, `name{…}` or `{…}`; the metric's name becomes a matcher of `__name__`, which stands first. */
export function parseSelector(reader: TokenReader): VectorSelector {
  const start = reader.peek();
  const name = start.is === "identifier" ? reader.next().text : undefined;
  const inBraces = reader.isOperator("{") ? parseMatchers(reader, name !== undefined) : [];
  const matchers: LabelMatcher[] =
    name === undefined ? inBraces : [{ label: "__name__", operator: "=", value: name }, ...inBraces];
  if (matchers.every(matchesEmpty))
    throw reader.refusal("a matcher that doesn't match the empty string, or the query would read everything", start);
  return { is: "selector", span: { from: start.from, to: reader.end }, matchers, offset: millis(0) };
}

function parseMatchers(reader: TokenReader, isNamed: boolean): LabelMatcher[] {
  reader.next();
  const matchers: LabelMatcher[] = [];
  let hasName = isNamed;
  while (!reader.isOperator("}")) {
    const label = reader.peek();
    if (label.is === "string" && !isMatchOperator(reader.peek(1).text)) {
      if (hasName) throw reader.refusal("only one metric name");
      hasName = true;
      matchers.push({ label: "__name__", operator: "=", value: label.value });
      reader.next();
    } else matchers.push(parseMatcher(reader));
    if (!reader.takeOperator(",") && !reader.isOperator("}")) throw reader.refusal('"," or "}" after a label matcher');
  }
  reader.next();
  return matchers;
}

const isMatchOperator = (text: string): text is MatchOperator =>
  text === "=" || text === "!=" || text === "=~" || text === "!~";

function parseMatcher(reader: TokenReader): LabelMatcher {
  const label = parseLabelName(reader, 'a label matcher such as code="200", or "}"');
  const operator = reader.peek().text;
  if (!isMatchOperator(operator)) throw reader.refusal("one of =, !=, =~, !~ after a label's name");
  reader.next();
  const value = reader.peek();
  if (value.is !== "string") throw reader.refusal("a label's value in quotes");
  const matcher: LabelMatcher = { label, operator, value: value.value };
  const test = compileMatcher(matcher);
  if (test.is === "refused") throw reader.refusal(test.refusal.expected);
  reader.next();
  return matcher;
}

function parseLabelName(reader: TokenReader, expected: string): string {
  const token = reader.peek();
  if (token.is === "string" && token.value !== "") {
    reader.next();
    return token.value;
  }
  if (token.is !== "identifier" || !labelName.test(token.text)) throw reader.refusal(expected);
  reader.next();
  return token.text;
}

/** `(a, b)`; a comma may follow the last. */
export function parseLabelList(reader: TokenReader): string[] {
  reader.expectOperator("(", "before the labels");
  const labels: string[] = [];
  while (!reader.isOperator(")")) {
    labels.push(parseLabelName(reader, 'a label\'s name or ")"'));
    if (!reader.takeOperator(",") && !reader.isOperator(")")) throw reader.refusal('"," or ")" after a label');
  }
  reader.next();
  return labels;
}
