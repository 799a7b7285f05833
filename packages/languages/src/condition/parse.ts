import { type BinaryOperator, ConditionError, type ConditionFault, type Expression, type Position } from "./syntax.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** https://github.com/expr-lang/expr/blob/master/parser/operator/operator.go */
const precedences: Readonly<Record<string, number>> = {
  "|": 0,
  or: 10,
  "||": 10,
  and: 15,
  "&&": 15,
  "==": 20,
  "!=": 20,
  "<": 20,
  ">": 20,
  "<=": 20,
  ">=": 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  "..": 25,
  "+": 30,
  "-": 30,
  "*": 60,
  "/": 60,
  "%": 60,
  "**": 100,
  "^": 100,
  "??": 500,
};
const unaryPrecedences: Readonly<Record<string, number>> = { not: 50, "!": 50, "-": 90, "+": 90 };
const negatable: ReadonlySet<string> = new Set(["in", "matches", "contains", "startsWith", "endsWith"]);
const comparisons: ReadonlySet<string> = new Set(["<", ">", "<=", ">="]);
const spelledAs: Readonly<Record<string, BinaryOperator>> = { "||": "or", "&&": "and", "^": "**" };
/** Functions whose last input may be a closure. */
const closureFunctions: ReadonlySet<string> = new Set([
  "all",
  "any",
  "none",
  "one",
  "filter",
  "map",
  "count",
  "find",
  "findIndex",
  "sum",
]);
const deepest = 200;

export type ParsedCondition =
  | { readonly is: "parsed"; readonly expression: Expression }
  | ({ readonly is: "fault" } & ConditionFault);

/** The tree of a condition, or what is wrong and where. Source: expr-lang's grammar, the part that conditions use. */
export function parseCondition(text: string): ParsedCondition {
  try {
    const parser = new Parser(tokensOf(text));
    return { is: "parsed", expression: parser.whole() };
  } catch (thrown) {
    if (thrown instanceof ConditionError) return { is: "fault", message: thrown.message, at: thrown.at };
    throw thrown;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #closures = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression(0);
    if (this.#token.is !== "end") throw this.#unexpected();
    return expression;
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #unexpected(): ConditionError {
    const token = this.#token;
    if (token.is === "end") return new ConditionError("unexpected token EOF", token.at);
    const kind = { number: "Number", string: "String", name: "Identifier", operator: "Operator" }[token.is];
    return new ConditionError(`unexpected token ${kind}(${JSON.stringify(token.text)})`, token.at);
  }

  #isSign(text: string): boolean {
    return this.#token.is === "operator" && this.#token.text === text;
  }

  #takeSign(text: string): boolean {
    if (!this.#isSign(text)) return false;
    this.#next++;
    return true;
  }

  #expectSign(text: string): void {
    if (!this.#takeSign(text)) throw this.#unexpected();
  }

  #expression(least: number): Expression {
    if (++this.#depth > deepest) throw new ConditionError("the condition is nested too deeply", this.#token.at);
    let left = this.#primary();
    let previous = "";
    for (;;) {
      const token = this.#token;
      if (token.is !== "operator") break;
      const isNegated = token.text === "not" && negatable.has(this.#tokens[this.#next + 1]?.text ?? "");
      const operator = isNegated ? (this.#tokens[this.#next + 1] as Token).text : token.text;
      const precedence = precedences[operator];
      if (precedence === undefined || precedence < least) break;
      if (previous === "??" && operator !== "??") {
        throw new ConditionError(
          `Operator (${operator}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.`,
          token.at,
        );
      }
      this.#next += isNegated ? 2 : 1;
      if (operator === "|") left = this.#pipe(left);
      else if (comparisons.has(operator))
        left = this.#comparison(left, operator as BinaryOperator, precedence, token.at);
      else {
        const right = this.#expression(operator === "**" || operator === "^" ? precedence : precedence + 1);
        const binary: Expression = {
          is: "binary",
          operator: spelledAs[operator] ?? (operator as BinaryOperator),
          left,
          right,
          at: token.at,
        };
        left = isNegated ? { is: "unary", operator: "not", operand: binary, at: token.at } : binary;
      }
      previous = operator;
    }
    if (least === 0) left = this.#choice(left);
    this.#depth--;
    return left;
  }

  /** `1 < x < 3` means `1 < x and x < 3`. */
  #comparison(left: Expression, operator: BinaryOperator, precedence: number, at: Position): Expression {
    let middle = this.#expression(precedence + 1);
    let whole: Expression = { is: "binary", operator, left, right: middle, at };
    while (this.#token.is === "operator" && comparisons.has(this.#token.text)) {
      const next = this.#token;
      this.#next++;
      const right = this.#expression(precedence + 1);
      const second: Expression = {
        is: "binary",
        operator: next.text as BinaryOperator,
        left: middle,
        right,
        at: next.at,
      };
      whole = { is: "binary", operator: "and", left: whole, right: second, at: next.at };
      middle = right;
    }
    return whole;
  }

  #pipe(left: Expression): Expression {
    const name = this.#token;
    if (name.is !== "name") throw this.#unexpected();
    this.#next++;
    return this.#postfix(this.#call(name.text, [left], name.at));
  }

  #choice(condition: Expression): Expression {
    let chosen = condition;
    while (this.#isSign("?")) {
      const { at } = this.#token;
      this.#next++;
      if (this.#takeSign(":")) {
        chosen = { is: "choice", condition: chosen, met: chosen, unmet: this.#expression(0), at };
        continue;
      }
      const met = this.#expression(0);
      this.#expectSign(":");
      chosen = { is: "choice", condition: chosen, met, unmet: this.#expression(0), at };
    }
    return chosen;
  }

  #primary(): Expression {
    const token = this.#token;
    const unary = token.is === "operator" ? unaryPrecedences[token.text] : undefined;
    if (unary !== undefined) {
      this.#next++;
      const operand = this.#expression(unary);
      const operator = token.text === "-" || token.text === "+" ? token.text : "not";
      return this.#postfix({ is: "unary", operator, operand, at: token.at });
    }
    return this.#postfix(this.#operand());
  }

  #operand(): Expression {
    const token = this.#token;
    switch (token.is) {
      case "number":
      case "string":
        this.#next++;
        return { is: "literal", value: token.value, at: token.at };
      case "name":
        this.#next++;
        return this.#named(token.text, token.at);
      case "operator":
        return this.#bracketed(token.text, token.at);
      case "end":
        throw this.#unexpected();
    }
  }

  #named(name: string, at: Position): Expression {
    if (name === "true" || name === "false") return { is: "literal", value: name === "true", at };
    if (name === "nil") return { is: "literal", value: null, at };
    if (this.#isSign("(")) return this.#call(name, [], at);
    return { is: "name", name, at };
  }

  #bracketed(sign: string, at: Position): Expression {
    switch (sign) {
      case "(": {
        this.#next++;
        const inner = this.#expression(0);
        this.#expectSign(")");
        return inner;
      }
      case "[": {
        this.#next++;
        return { is: "array", items: this.#listUntil("]"), at };
      }
      case "{": {
        this.#next++;
        return { is: "map", entries: this.#mapEntries(), at };
      }
      case "#":
      case ".": {
        if (this.#closures === 0) throw this.#unexpected();
        return this.#pointer(sign, at);
      }
      default:
        throw this.#unexpected();
    }
  }

  #pointer(sign: "#" | ".", at: Position): Expression {
    if (sign === ".") return { is: "pointer", name: "", at };
    const end = this.#token.end;
    this.#next++;
    const token = this.#token;
    if (token.is === "name" && token.at.offset === end) {
      if (token.text !== "index" && token.text !== "acc") {
        throw new ConditionError(`unknown pointer #${token.text}`, at);
      }
      this.#next++;
      return { is: "pointer", name: token.text, at };
    }
    return { is: "pointer", name: "", at };
  }

  #listUntil(end: string): readonly Expression[] {
    const items: Expression[] = [];
    while (!this.#takeSign(end)) {
      if (items.length > 0) {
        this.#expectSign(",");
        if (this.#takeSign(end)) break;
      }
      items.push(this.#expression(0));
    }
    return items;
  }

  #mapEntries(): readonly { readonly key: Expression; readonly value: Expression }[] {
    const entries: { key: Expression; value: Expression }[] = [];
    while (!this.#takeSign("}")) {
      if (entries.length > 0) {
        this.#expectSign(",");
        if (this.#takeSign("}")) break;
      }
      const token = this.#token;
      let key: Expression;
      if (token.is === "name" || token.is === "string" || token.is === "number") {
        this.#next++;
        key = { is: "literal", value: token.is === "name" ? token.text : String(token.value), at: token.at };
      } else if (this.#takeSign("(")) {
        key = this.#expression(0);
        this.#expectSign(")");
      } else {
        throw new ConditionError(
          "a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses",
          token.at,
        );
      }
      this.#expectSign(":");
      entries.push({ key, value: this.#expression(0) });
    }
    return entries;
  }

  #call(name: string, first: readonly Expression[], at: Position): Expression {
    this.#expectSign("(");
    const inputs: Expression[] = [...first];
    while (!this.#takeSign(")")) {
      if (inputs.length > first.length) this.#expectSign(",");
      if (this.#isSign(")")) continue;
      inputs.push(closureFunctions.has(name) && inputs.length === 1 ? this.#closure() : this.#expression(0));
    }
    return { is: "call", name, inputs, at };
  }

  #closure(): Expression {
    const { at } = this.#token;
    const hasBraces = this.#takeSign("{");
    this.#closures++;
    const body = this.#expression(0);
    this.#closures--;
    if (hasBraces) this.#expectSign("}");
    return { is: "closure", body, at };
  }

  #postfix(start: Expression): Expression {
    let node = start;
    for (;;) {
      const { at } = this.#token;
      if (this.#takeSign("[")) node = this.#bracket(node, at, false);
      else if (this.#isSign(".") || this.#isSign("?.")) {
        const isOptional = this.#isSign("?.");
        this.#next++;
        if (isOptional && this.#takeSign("[")) {
          node = this.#bracket(node, at, true);
          continue;
        }
        const field = this.#token;
        if (field.is !== "name" && !(field.is === "operator" && /^[a-z]/i.test(field.text))) throw this.#unexpected();
        this.#next++;
        if (this.#isSign("(")) {
          throw new ConditionError(`method ${field.text} can't be called: a result has no methods`, field.at);
        }
        const index: Expression = { is: "literal", value: field.text, at: field.at };
        node = { is: "index", of: node, index, isOptional, at };
      } else return node;
    }
  }

  #bracket(of: Expression, at: Position, isOptional: boolean): Expression {
    const from = this.#isSign(":") ? undefined : this.#expression(0);
    if (this.#takeSign(":")) {
      const to = this.#isSign("]") ? undefined : this.#expression(0);
      this.#expectSign("]");
      return { is: "slice", of, from, to, at };
    }
    this.#expectSign("]");
    if (from === undefined) throw this.#unexpected();
    return { is: "index", of, index: from, isOptional, at };
  }
}
