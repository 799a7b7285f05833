import type { Instant, Millis } from "@sluice/kernel";

/** Offsets into the query, in UTF-16 code units: from is in, to is out. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type MatchOperator = "=" | "!=" | "=~" | "!~";

/** A condition on one label; `__name__` is the metric's name. A missing label has the value "". */
export interface LabelMatcher {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** The time of `@`: fixed, or the start or end of the whole query. */
export type PinnedTime =
  | { readonly is: "at"; readonly at: Instant }
  | { readonly is: "start" }
  | { readonly is: "end" };

export interface VectorSelector {
  readonly is: "selector";
  readonly span: Span;
  readonly matchers: readonly LabelMatcher[];
  /** Into the past; 0 where none is written. */
  readonly offset: Millis;
  readonly pinned?: PinnedTime;
}

/** `selector[range]`; offset and `@` stand on the selector. */
export interface RangeSelector {
  readonly is: "range";
  readonly span: Span;
  readonly selector: VectorSelector;
  readonly range: Millis;
}

export interface Subquery {
  readonly is: "subquery";
  readonly span: Span;
  readonly inner: Expression;
  readonly range: Millis;
  /** Absent: the engine's default evaluation interval. */
  readonly step?: Millis;
  readonly offset: Millis;
  readonly pinned?: PinnedTime;
}

export interface Call {
  readonly is: "call";
  readonly span: Span;
  readonly name: FunctionName;
  readonly parameters: readonly Expression[];
}

export type Aggregator =
  | "sum"
  | "avg"
  | "min"
  | "max"
  | "count"
  | "group"
  | "stddev"
  | "stdvar"
  | "topk"
  | "bottomk"
  | "quantile"
  | "count_values";

export interface Grouping {
  readonly keep: "by" | "without";
  readonly labels: readonly string[];
}

export interface Aggregation {
  readonly is: "aggregation";
  readonly span: Span;
  readonly aggregator: Aggregator;
  readonly grouping: Grouping;
  readonly parameter?: Expression;
  readonly operand: Expression;
}

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "^" | "atan2";
export type ComparisonOperator = "==" | "!=" | "<" | ">" | "<=" | ">=";
export type SetOperator = "and" | "or" | "unless";
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator;

export interface VectorMatching {
  readonly by: "on" | "ignoring";
  readonly labels: readonly string[];
  /** Which side may have many series for each of the other side. */
  readonly cardinality: "one-to-one" | "many-to-one" | "one-to-many";
  /** Labels taken from the "one" side. */
  readonly include: readonly string[];
}

export interface BinaryOperation {
  readonly is: "binary";
  readonly span: Span;
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly returnsBool: boolean;
  readonly matching: VectorMatching;
}

export interface UnaryOperation {
  readonly is: "unary";
  readonly span: Span;
  readonly operator: "+" | "-";
  readonly operand: Expression;
}

export interface Parenthesis {
  readonly is: "parenthesis";
  readonly span: Span;
  readonly inner: Expression;
}

export interface NumberLiteral {
  readonly is: "number";
  readonly span: Span;
  readonly value: number;
}

export interface StringLiteral {
  readonly is: "string";
  readonly span: Span;
  readonly value: string;
}

export type Expression =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Call
  | Aggregation
  | BinaryOperation
  | UnaryOperation
  | Parenthesis;

export type ValueType = "scalar" | "string" | "vector" | "matrix";

export type FunctionName =
  | MathFunction
  | RangeFunction
  | DateFunction
  | "absent"
  | "absent_over_time"
  | "clamp"
  | "clamp_max"
  | "clamp_min"
  | "histogram_quantile"
  | "label_join"
  | "label_replace"
  | "pi"
  | "round"
  | "scalar"
  | "sort"
  | "sort_desc"
  | "time"
  | "timestamp"
  | "vector";

/** One number in, one number out, for each sample. */
export type MathFunction =
  | "abs"
  | "acos"
  | "acosh"
  | "asin"
  | "asinh"
  | "atan"
  | "atanh"
  | "ceil"
  | "cos"
  | "cosh"
  | "deg"
  | "exp"
  | "floor"
  | "ln"
  | "log10"
  | "log2"
  | "rad"
  | "sgn"
  | "sin"
  | "sinh"
  | "sqrt"
  | "tan"
  | "tanh";

/** A window of samples in, one number out, for each series. */
export type RangeFunction =
  | "avg_over_time"
  | "changes"
  | "count_over_time"
  | "delta"
  | "deriv"
  | "idelta"
  | "increase"
  | "irate"
  | "last_over_time"
  | "max_over_time"
  | "min_over_time"
  | "predict_linear"
  | "present_over_time"
  | "quantile_over_time"
  | "rate"
  | "resets"
  | "stddev_over_time"
  | "stdvar_over_time"
  | "sum_over_time";

/** A timestamp in seconds in, a part of its UTC date out. */
export type DateFunction =
  | "day_of_month"
  | "day_of_week"
  | "day_of_year"
  | "days_in_month"
  | "hour"
  | "minute"
  | "month"
  | "year";
