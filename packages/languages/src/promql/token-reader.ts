import type { Refusal } from "../parsed.ts";
import type { Token } from "./tokens.ts";

/** Thrown inside the parser only; its door turns it into a value. */
export class SyntaxRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.expected);
    this.refusal = refusal;
  }
}

export const describeToken = (token: Token): string =>
  token.is === "end"
    ? "the end of the query"
    : `"${token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text}"`;

export class TokenReader {
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new RangeError("a token list ends with its end");
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#index++;
    return token;
  }

  /** Where the last token that was read ends. */
  get end(): number {
    return this.#tokens[this.#index - 1]?.to ?? 0;
  }

  isOperator(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.is === "operator" && token.text === text;
  }

  /** The next token as a keyword, in lower case; undefined where it is no word. */
  word(ahead = 0): string | undefined {
    const token = this.peek(ahead);
    return token.is === "identifier" ? token.text.toLowerCase() : undefined;
  }

  takeOperator(text: string): boolean {
    const found = this.isOperator(text);
    if (found) this.#index++;
    return found;
  }

  takeWord(word: string): boolean {
    const found = this.word() === word;
    if (found) this.#index++;
    return found;
  }

  expectOperator(text: string, why: string): Token {
    if (!this.isOperator(text)) throw this.refusal(`"${text}" ${why}`);
    return this.next();
  }

  refusal(expected: string, token: Token = this.peek()): SyntaxRefused {
    return new SyntaxRefused({ position: token.from, found: describeToken(token), expected });
  }
}
