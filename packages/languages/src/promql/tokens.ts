import { type Parsed, parsed, refused } from "../parsed.ts";
import { readNumber, readString } from "./literals.ts";

export type Token = { readonly from: number; readonly to: number; readonly text: string } & (
  | { readonly is: "number"; readonly value: number; readonly isDuration: boolean }
  | { readonly is: "string"; readonly value: string }
  | { readonly is: "identifier" }
  | { readonly is: "operator" }
  | { readonly is: "end" }
);

const space = /(?:\s|#[^\n]*)+/y;
const identifier = /[A-Za-z_:][A-Za-z0-9_:]*/y;
const operators = ["==", "!=", "<=", ">=", "=~", "!~", "</", ">/", ..."=<>+-*/%^@(){}[],:"];

/** Keywords stay identifiers here: what they are depends on where they stand. */
export function tokenize(text: string): Parsed<readonly Token[]> {
  const tokens: Token[] = [];
  let at = 0;
  let brackets = 0;
  while (at < text.length) {
    space.lastIndex = at;
    if (space.test(text)) {
      at = space.lastIndex;
      continue;
    }
    const read = readToken(text, at, brackets > 0);
    if (read.is === "refused") return read;
    tokens.push(read.value);
    if (read.value.text === "[") brackets++;
    if (read.value.text === "]") brackets--;
    at = read.value.to;
  }
  tokens.push({ is: "end", from: text.length, to: text.length, text: "" });
  return parsed(tokens);
}

function readToken(text: string, at: number, inBrackets: boolean): Parsed<Token> {
  const first = text.charAt(at);
  if (first === '"' || first === "'" || first === "`") {
    const string = readString(text, at);
    if (string.is === "refused") return string;
    const { value, to } = string.value;
    return parsed({ is: "string", value, from: at, to, text: text.slice(at, to) });
  }
  if (/\d/.test(first) || (first === "." && /\d/.test(text.charAt(at + 1)))) {
    const number = readNumber(text, at);
    if (number.is === "refused") return number;
    return parsed({ is: "number", from: at, text: text.slice(at, number.value.to), ...number.value });
  }
  identifier.lastIndex = at;
  // In brackets a colon parts a subquery's range from its step; elsewhere it belongs to a name.
  if (!(inBrackets && first === ":") && identifier.test(text)) {
    const to = identifier.lastIndex;
    return parsed({ is: "identifier", from: at, to, text: text.slice(at, to) });
  }
  const operator = operators.find((each) => text.startsWith(each, at));
  if (operator === undefined)
    return refused(at, JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0)), "a PromQL token");
  return parsed({ is: "operator", from: at, to: at + operator.length, text: operator });
}
