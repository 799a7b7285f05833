import { utf8 } from "@sluice/kernel";
import { parsePrometheusDuration } from "../duration/prometheus-duration.ts";
import { type Parsed, parsed, refused } from "../parsed.ts";

const duration = /(?:\d+(?:ms|[smhdwy]))+/y;
const hexadecimal = /0[xX][0-9a-fA-F]+/y;
const decimal = /(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?/y;

/** A number, or a duration in seconds: in PromQL the two are interchangeable. */
export function readNumber(text: string, at: number): Parsed<{ value: number; isDuration: boolean; to: number }> {
  for (const shape of [duration, hexadecimal, decimal]) {
    shape.lastIndex = at;
    const found = shape.exec(text)?.[0];
    const to = at + (found?.length ?? 0);
    if (found === undefined || /[A-Za-z0-9_.]/.test(text.charAt(to))) continue;
    if (shape !== duration) return parsed({ value: Number(found.replaceAll("_", "")), isDuration: false, to });
    const length = parsePrometheusDuration(found);
    if (length.is === "refused") return refused(at, length.refusal.found, length.refusal.expected);
    return parsed({ value: length.value / 1000, isDuration: true, to });
  }
  const word = /^[A-Za-z0-9_.]+/.exec(text.slice(at))?.[0] ?? text.charAt(at);
  return refused(at, `"${word}"`, "a number or a duration such as 5m");
}

const simpleEscapes: { readonly [letter: string]: string } = {
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
};

/** Go's string literals: "…" and '…' with escapes, `…` without. Bytes that are no UTF-8 are refused. */
export function readString(text: string, at: number): Parsed<{ value: string; to: number }> {
  const quote = text.charAt(at);
  if (quote === "`") {
    const end = text.indexOf("`", at + 1);
    if (end < 0) return refused(at, "a string without its end", "a closing `");
    return parsed({ value: text.slice(at + 1, end), to: end + 1 });
  }
  const pieces: (string | number)[] = [];
  let from = at + 1;
  for (;;) {
    const next = text.charAt(from);
    if (next === "" || next === "\n") return refused(at, "a string without its end", `a closing ${quote}`);
    if (next === quote) break;
    if (next !== "\\") {
      pieces.push(next);
      from++;
      continue;
    }
    const escaped = readEscape(text, from);
    if (escaped === undefined)
      return refused(from, `"${text.slice(from, from + 2)}"`, "an escape such as \\n, \\\\, \\x41 or \\u0041");
    pieces.push(escaped.piece);
    from = escaped.to;
  }
  const value = joinPieces(pieces);
  if (value === undefined) return refused(at, "bytes that are no UTF-8", "a string in UTF-8");
  return parsed({ value, to: from + 1 });
}

function readEscape(text: string, at: number): { piece: string | number; to: number } | undefined {
  const letter = text.charAt(at + 1);
  const simple = simpleEscapes[letter];
  if (simple !== undefined) return { piece: simple, to: at + 2 };
  const shape = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(text.slice(at, at + 10));
  if (shape === null) return undefined;
  const [whole, hex, octal, short, long] = shape;
  const to = at + whole.length;
  if (hex !== undefined) return { piece: Number.parseInt(hex, 16), to };
  if (octal !== undefined) {
    const byte = Number.parseInt(octal, 8);
    return byte < 256 ? { piece: byte, to } : undefined;
  }
  const point = Number.parseInt(short ?? long ?? "", 16);
  if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
  return { piece: String.fromCodePoint(point), to };
}

/** Numbers are bytes of \x and octal escapes; runs of them must be UTF-8 together with what surrounds them. */
function joinPieces(pieces: readonly (string | number)[]): string | undefined {
  if (!pieces.some((piece) => typeof piece === "number" && piece > 127))
    return pieces.map((piece) => (typeof piece === "number" ? String.fromCharCode(piece) : piece)).join("");
  const hexadecimals: string[] = [];
  for (const piece of pieces) {
    const bytes = typeof piece === "number" ? [piece] : [...utf8(piece)];
    for (const byte of bytes) hexadecimals.push(`%${byte.toString(16).padStart(2, "0")}`);
  }
  try {
    return decodeURIComponent(hexadecimals.join(""));
  } catch {
    return undefined;
  }
}
