import { instant, type Millis, millis } from "@sluice/kernel";
import { type Parsed, parsed } from "../parsed.ts";
import { checkBinary, checkCall, isSetOperator, requireType } from "./check.ts";
import { isFunctionName, signatures, unsupportedFunctions } from "./functions.ts";
import { parseLabelList, parseSelector } from "./parse-selector.ts";
import type {
  Aggregation,
  Aggregator,
  BinaryOperator,
  Expression,
  Grouping,
  PinnedTime,
  VectorMatching,
} from "./syntax.ts";
import { SyntaxRefused, TokenReader } from "./token-reader.ts";
import { type Token, tokenize } from "./tokens.ts";
import { valueTypeOf } from "./value-type.ts";

const deepest = 200;

const precedences: { readonly [Operator in BinaryOperator]: number } = {
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  atan2: 5,
  "^": 6,
};

const aggregators: { readonly [Name in Aggregator]: "scalar" | "string" | undefined } = {
  sum: undefined,
  avg: undefined,
  min: undefined,
  max: undefined,
  count: undefined,
  group: undefined,
  stddev: undefined,
  stdvar: undefined,
  topk: "scalar",
  bottomk: "scalar",
  quantile: "scalar",
  count_values: "string",
};

/**
 * PromQL as Prometheus 3 reads it, without native histograms and experimental parts: those are refused by name.
 * https://prometheus.io/docs/prometheus/latest/querying/basics/
 */
export function parsePromql(text: string): Parsed<Expression> {
  const tokens = tokenize(text);
  if (tokens.is === "refused") return tokens;
  const reader = new TokenReader(tokens.value);
  try {
    const expression = new PromqlParser(reader).expression(0);
    if (reader.peek().is !== "end") refuseRest(reader);
    return parsed(expression);
  } catch (thrown) {
    if (thrown instanceof SyntaxRefused) return { is: "refused", refusal: thrown.refusal };
    throw thrown;
  }
}

function refuseRest(reader: TokenReader): never {
  const word = reader.word();
  if (word === "anchored" || word === "smoothed")
    throw reader.refusal(`the end of the query (the experimental modifier ${word} is not supported)`);
  if (reader.isOperator("</") || reader.isOperator(">/"))
    throw reader.refusal("an operator (trimming native histograms is not supported)");
  throw reader.refusal("an operator or the end of the query");
}

class PromqlParser {
  readonly #reader: TokenReader;
  #depth = 0;

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  expression(lowest: number): Expression {
    if (++this.#depth > deepest) throw this.#reader.refusal(`an expression nested at most ${deepest} deep`);
    let left = this.#unary();
    for (;;) {
      const operator = this.#binaryOperator();
      if (operator === undefined || precedences[operator] < lowest) break;
      left = this.#binary(left, operator);
    }
    this.#depth--;
    return left;
  }

  #binaryOperator(): BinaryOperator | undefined {
    const token = this.#reader.peek();
    const text = token.is === "identifier" ? token.text.toLowerCase() : token.text;
    if (token.is !== "operator" && token.is !== "identifier") return undefined;
    return Object.hasOwn(precedences, text) ? (text as BinaryOperator) : undefined;
  }

  #binary(left: Expression, operator: BinaryOperator): Expression {
    const reader = this.#reader;
    const token = reader.next();
    const returnsBool = reader.word() === "bool" && this.#startsOperand(1) && reader.takeWord("bool");
    const matching = this.#matching(operator);
    // Only ^ groups from the right.
    const right = this.expression(operator === "^" ? precedences[operator] : precedences[operator] + 1);
    const span = { from: left.span.from, to: reader.end };
    const operation = { is: "binary", span, operator, left, right, returnsBool, matching: matching.value } as const;
    checkBinary(operation, matching.isWritten, token);
    return operation;
  }

  /** A modifier's word is a modifier only where something follows it that it could modify. */
  #startsOperand(ahead: number): boolean {
    const token = this.#reader.peek(ahead);
    return token.is !== "end" && (token.is !== "operator" || ["(", "{", "-", "+"].includes(token.text));
  }

  #matching(operator: BinaryOperator): { value: VectorMatching; isWritten: boolean } {
    const reader = this.#reader;
    const word = reader.word();
    const isWritten = (word === "on" || word === "ignoring") && reader.isOperator("(", 1);
    if (isWritten) reader.next();
    const by = isWritten && word === "on" ? "on" : "ignoring";
    const labels = isWritten ? parseLabelList(reader) : [];
    let cardinality: VectorMatching["cardinality"] = "one-to-one";
    let include: string[] = [];
    const group = reader.word();
    if (isWritten && (group === "group_left" || group === "group_right")) {
      const token = reader.next();
      if (isSetOperator(operator)) throw reader.refusal(`no grouping: ${operator} always matches many to many`, token);
      cardinality = group === "group_left" ? "many-to-one" : "one-to-many";
      if (reader.isOperator("(")) include = parseLabelList(reader);
      const clash = by === "on" ? include.find((label) => labels.includes(label)) : undefined;
      if (clash !== undefined)
        throw reader.refusal(`label "${clash}" either in on() or in ${group}(), not in both`, token);
    }
    if (/^fill(_left|_right)?$/.test(reader.word() ?? "") && reader.isOperator("(", 1))
      throw reader.refusal(`an operand (the experimental modifier ${reader.word()} is not supported)`);
    return { value: { by, labels, cardinality, include }, isWritten };
  }

  #unary(): Expression {
    const token = this.#reader.peek();
    if (token.is !== "operator" || (token.text !== "-" && token.text !== "+")) return this.#postfix();
    this.#reader.next();
    // A sign binds as tightly as *, so -1^2 is -(1^2).
    const operand = this.expression(precedences["^"]);
    const type = valueTypeOf(operand);
    if (type !== "scalar" && type !== "vector")
      throw this.#reader.refusal("a scalar or an instant vector after a sign", token);
    return { is: "unary", span: { from: token.from, to: this.#reader.end }, operator: token.text, operand };
  }

  #postfix(): Expression {
    let expression = this.#primary();
    const written = { offset: false, pinned: false };
    for (;;) {
      const token = this.#reader.peek();
      if (this.#reader.isOperator("[")) expression = this.#brackets(expression);
      else if (this.#reader.word() === "offset") {
        if (written.offset) throw this.#reader.refusal("only one offset");
        written.offset = true;
        this.#reader.next();
        expression = this.#modify(expression, { offset: this.#offset() }, token);
      } else if (this.#reader.isOperator("@")) {
        if (written.pinned) throw this.#reader.refusal("only one @");
        written.pinned = true;
        this.#reader.next();
        expression = this.#modify(expression, { pinned: this.#pinnedTime() }, token);
      } else return expression;
    }
  }

  #modify(expression: Expression, change: { offset?: Millis; pinned?: PinnedTime }, token: Token): Expression {
    const span = { from: expression.span.from, to: this.#reader.end };
    if (expression.is === "selector" || expression.is === "subquery") return { ...expression, span, ...change };
    if (expression.is === "range") return { ...expression, span, selector: { ...expression.selector, ...change } };
    throw this.#reader.refusal(`a selector or a subquery right before ${token.text}`, token);
  }

  #offset(): Millis {
    const sign = this.#reader.takeOperator("-") ? -1 : 1;
    if (sign > 0) this.#reader.takeOperator("+");
    return millis(sign * this.#duration("an offset such as 5m"));
  }

  #duration(expected: string): number {
    const token = this.#reader.peek();
    if (token.is !== "number") throw this.#reader.refusal(`${expected} (arithmetic with durations is not supported)`);
    this.#reader.next();
    return Math.round(token.value * 1000);
  }

  #pinnedTime(): PinnedTime {
    const reader = this.#reader;
    const word = reader.word();
    if ((word === "start" || word === "end") && reader.isOperator("(", 1)) {
      reader.next();
      reader.next();
      reader.expectOperator(")", `after @ ${word}(`);
      return { is: word };
    }
    const sign = reader.takeOperator("-") ? -1 : 1;
    if (sign > 0) reader.takeOperator("+");
    const token = reader.peek();
    if (token.is !== "number") throw reader.refusal("a Unix time in seconds, start() or end() after @");
    reader.next();
    return { is: "at", at: instant(Math.round(sign * token.value * 1000)) };
  }

  #brackets(inner: Expression): Expression {
    const reader = this.#reader;
    const opening = reader.next();
    const range = millis(this.#duration("a duration such as 5m"));
    if (range <= 0) throw reader.refusal("a duration greater than 0", opening);
    if (!reader.takeOperator(":")) {
      reader.expectOperator("]", "after the range (arithmetic with durations is not supported)");
      if (inner.is !== "selector")
        throw reader.refusal("a selector before a range; a subquery is written [range:step]", opening);
      if (inner.offset !== 0 || inner.pinned !== undefined)
        throw reader.refusal("the range before offset and @, not after them", opening);
      return { is: "range", span: { from: inner.span.from, to: reader.end }, selector: inner, range };
    }
    requireType(inner, "vector", "before a subquery's range");
    const step = reader.isOperator("]") ? undefined : millis(this.#duration("a step such as 1m"));
    if (step !== undefined && step <= 0) throw reader.refusal("a step greater than 0", opening);
    reader.expectOperator("]", "after the step (arithmetic with durations is not supported)");
    const span = { from: inner.span.from, to: reader.end };
    return { is: "subquery", span, inner, range, ...(step === undefined ? {} : { step }), offset: millis(0) };
  }

  #primary(): Expression {
    const reader = this.#reader;
    const token = reader.peek();
    const span = { from: token.from, to: token.to };
    if (token.is === "number" || token.is === "string") {
      reader.next();
      return token.is === "number"
        ? { is: "number", span, value: token.value }
        : { is: "string", span, value: token.value };
    }
    if (reader.isOperator("{")) return parseSelector(reader);
    if (reader.isOperator("(")) {
      reader.next();
      const inner = this.expression(0);
      reader.expectOperator(")", "to close a parenthesis");
      return { is: "parenthesis", span: { from: token.from, to: reader.end }, inner };
    }
    if (token.is === "identifier") return this.#named(token);
    throw reader.refusal("an expression");
  }

  #named(token: Token): Expression {
    const reader = this.#reader;
    const word = token.text.toLowerCase();
    const following = reader.word(1);
    const isCalled = reader.isOperator("(", 1);
    const isAggregated = isCalled || ((following === "by" || following === "without") && reader.isOperator("(", 2));
    if (isAggregated && Object.hasOwn(aggregators, word)) return this.#aggregation(word as Aggregator);
    if (isAggregated && (word === "limitk" || word === "limit_ratio"))
      throw reader.refusal(
        `an aggregation that is supported (${Object.keys(aggregators).join(", ")}); ${word} is experimental`,
      );
    if (isCalled) return this.#call(token);
    if (!reader.isOperator("{", 1) && (word === "inf" || word === "nan")) {
      reader.next();
      const value = word === "inf" ? Number.POSITIVE_INFINITY : Number.NaN;
      return { is: "number", span: { from: token.from, to: token.to }, value };
    }
    return parseSelector(reader);
  }

  #call(token: Token): Expression {
    const name = token.text;
    if (unsupportedFunctions.has(name)) throw this.#reader.refusal(`a function that is supported; ${name}() is not`);
    if (!isFunctionName(name)) throw this.#reader.refusal("the name of a PromQL function before (");
    this.#reader.next();
    const parameters = this.#parameters();
    checkCall(name, signatures[name], parameters, token);
    return { is: "call", span: { from: token.from, to: this.#reader.end }, name, parameters };
  }

  #parameters(): Expression[] {
    this.#reader.expectOperator("(", "before the parameters");
    const parameters: Expression[] = [];
    if (this.#reader.takeOperator(")")) return parameters;
    do parameters.push(this.expression(0));
    while (this.#reader.takeOperator(","));
    this.#reader.expectOperator(")", "or an operator after a parameter");
    return parameters;
  }

  #aggregation(aggregator: Aggregator): Aggregation {
    const token = this.#reader.next();
    const before = this.#grouping();
    const parameters = this.#parameters();
    const grouping = before ?? this.#grouping() ?? { keep: "by", labels: [] };
    const parameterType = aggregators[aggregator];
    const wanted = parameterType === undefined ? 1 : 2;
    const operand = parameters[wanted - 1];
    if (operand === undefined || parameters.length !== wanted)
      throw this.#reader.refusal(
        `${wanted} parameter${wanted > 1 ? "s" : ""} for ${aggregator}, not ${parameters.length}`,
        token,
      );
    requireType(operand, "vector", `in ${aggregator}()`);
    const parameter = wanted === 2 ? parameters[0] : undefined;
    if (parameter !== undefined && parameterType !== undefined)
      requireType(parameter, parameterType, `as the first parameter of ${aggregator}()`);
    const span = { from: token.from, to: this.#reader.end };
    return {
      is: "aggregation",
      span,
      aggregator,
      grouping,
      operand,
      ...(parameter === undefined ? {} : { parameter }),
    };
  }

  #grouping(): Grouping | undefined {
    const word = this.#reader.word();
    if ((word !== "by" && word !== "without") || !this.#reader.isOperator("(", 1)) return undefined;
    this.#reader.next();
    return { keep: word, labels: parseLabelList(this.#reader) };
  }
}
