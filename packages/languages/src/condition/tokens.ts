import { ConditionError, type Position } from "./syntax.ts";

export type Token = { readonly at: Position; readonly end: number } & (
  | { readonly is: "number"; readonly value: bigint | number; readonly text: string }
  | { readonly is: "string"; readonly value: string; readonly text: string }
  | { readonly is: "name"; readonly text: string }
  | { readonly is: "operator"; readonly text: string }
  | { readonly is: "end"; readonly text: string }
);

const words: ReadonlySet<string> = new Set(["or", "and", "not", "in", "contains", "startsWith", "endsWith", "matches"]);
// Longest first, so that `<=` isn't read as `<` and `=`.
const signs = [...["?.", "??", "..", "**", "==", "!=", "<=", ">=", "&&", "||"], ..."<>!+-*/%^?:,.()[]{}#|"] as const;

const numberShape = /(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?)/y;
const nameShape = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const longestCondition = 65_536;

/** Throws ConditionError. https://github.com/expr-lang/expr/blob/master/parser/lexer/lexer.go */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  let line = 1;
  let lineStart = 0;
  const here = (): Position => ({ offset, line, column: offset - lineStart + 1 });
  if (text.length > longestCondition) throw new ConditionError("the condition is longer than 64 KiB", here());

  while (offset < text.length) {
    const character = text[offset] as string;
    if (character === "\n") {
      offset++;
      line++;
      lineStart = offset;
      continue;
    }
    if (/\s/.test(character)) {
      offset++;
      continue;
    }
    if (text.startsWith("//", offset)) {
      const end = text.indexOf("\n", offset);
      offset = end === -1 ? text.length : end;
      continue;
    }
    const at = here();
    if (character === '"' || character === "'" || character === "`") {
      const { value, end } = readString(text, offset, at);
      tokens.push({ is: "string", value, text: text.slice(offset, end), at, end });
      offset = end;
      continue;
    }
    if (/\d/.test(character) || (character === "." && /\d/.test(text[offset + 1] ?? ""))) {
      const found = matchAt(numberShape, text, offset) ?? character;
      // `1..3` is a range, not the float `1.` and `.3`.
      const range = found.indexOf("..");
      const written = range === -1 ? found : found.slice(0, range);
      const next = text[offset + written.length] ?? "";
      if (/[\p{L}_]/u.test(next)) {
        throw new ConditionError(`bad number syntax: "${written}${next}"`, at);
      }
      tokens.push({ is: "number", value: numberOf(written), text: written, at, end: offset + written.length });
      offset += written.length;
      continue;
    }
    const name = matchAt(nameShape, text, offset);
    if (name !== undefined) {
      tokens.push({ is: words.has(name) ? "operator" : "name", text: name, at, end: offset + name.length });
      offset += name.length;
      continue;
    }
    const sign = signs.find((candidate) => text.startsWith(candidate, offset));
    if (sign === undefined) throw new ConditionError(`unrecognized character: ${JSON.stringify(character)}`, at);
    // `a ?.5 : 1` is a choice, not an optional member.
    const kept = sign === "?." && /\d/.test(text[offset + 2] ?? "") ? "?" : sign;
    tokens.push({ is: "operator", text: kept, at, end: offset + kept.length });
    offset += kept.length;
  }
  tokens.push({ is: "end", text: "", at: here(), end: offset });
  return tokens;
}

function matchAt(shape: RegExp, text: string, offset: number): string | undefined {
  shape.lastIndex = offset;
  return shape.exec(text)?.[0];
}

function numberOf(written: string): bigint | number {
  const plain = written.replaceAll("_", "");
  if (/^0[xXbBoO]/.test(plain)) return BigInt(plain);
  return /[.eE]/.test(plain) ? Number(plain) : BigInt(plain);
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
};

function readString(text: string, start: number, at: Position): { readonly value: string; readonly end: number } {
  const quote = text[start] as string;
  let value = "";
  for (let offset = start + 1; offset < text.length; offset++) {
    const character = text[offset] as string;
    if (character === quote) return { value, end: offset + 1 };
    if (character === "\n" && quote !== "`") break;
    if (character !== "\\" || quote === "`") {
      value += character;
      continue;
    }
    const escaped = text[++offset] ?? "";
    const digits = escaped === "x" ? 2 : escaped === "u" ? 4 : escaped === "U" ? 8 : 0;
    if (digits > 0) {
      const code = Number.parseInt(text.slice(offset + 1, offset + 1 + digits), 16);
      if (!(code >= 0 && code <= 0x10ffff)) throw new ConditionError("invalid char escape", at);
      value += String.fromCodePoint(code);
      offset += digits;
      continue;
    }
    const plain = escapes[escaped];
    if (plain === undefined) throw new ConditionError("invalid char escape", at);
    value += plain;
  }
  throw new ConditionError("literal not terminated", at);
}
