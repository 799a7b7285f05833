export {
  type BinaryOperator,
  type ConditionFault,
  type ConditionOutcome,
  checkCondition,
  type Expression,
  evaluateCondition,
  type ParsedCondition,
  type Position,
  parseCondition,
  type UnaryOperator,
} from "./condition/index.ts";
export { formatGoDuration, parseGoDuration } from "./duration/go-duration.ts";
export { formatPrometheusDuration, parsePrometheusDuration } from "./duration/prometheus-duration.ts";
export { describeRefusal, lineAndColumn, type Parsed, parsed, type Refusal, refused } from "./parsed.ts";
export { isComparison, isSetOperator } from "./promql/check.ts";
export {
  signatures as promqlSignatures,
  unsupportedFunctions as unsupportedPromqlFunctions,
} from "./promql/functions.ts";
export { compileMatcher, compileRegex, literalAlternatives, matchesEmpty, type ValueTest } from "./promql/matchers.ts";
export { parsePromql } from "./promql/parse.ts";
export type {
  Aggregation,
  Aggregator,
  ArithmeticOperator,
  BinaryOperation,
  BinaryOperator as PromqlBinaryOperator,
  Call,
  ComparisonOperator,
  DateFunction,
  Expression as PromqlExpression,
  FunctionName,
  Grouping,
  LabelMatcher,
  MatchOperator,
  MathFunction,
  NumberLiteral,
  Parenthesis,
  PinnedTime,
  RangeFunction,
  RangeSelector,
  SetOperator,
  Span,
  StringLiteral,
  Subquery,
  UnaryOperation,
  ValueType,
  VectorMatching,
  VectorSelector,
} from "./promql/syntax.ts";
export { typeNames, valueTypeOf, withoutParentheses } from "./promql/value-type.ts";
