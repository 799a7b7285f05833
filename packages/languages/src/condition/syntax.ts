/** Where something stands in a condition: `offset` from 0, `line` and `column` from 1. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export type BinaryOperator =
  | "or"
  | "and"
  | "=="
  | "!="
  | "<"
  | ">"
  | "<="
  | ">="
  | "in"
  | "contains"
  | "startsWith"
  | "endsWith"
  | "matches"
  | ".."
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "**"
  | "??";

export type UnaryOperator = "not" | "-" | "+";

/** A condition as a tree; every node knows where it stands. Integers are bigints, as the language tells them from floats. */
export type Expression = { readonly at: Position } & (
  | { readonly is: "literal"; readonly value: null | boolean | bigint | number | string }
  | { readonly is: "name"; readonly name: string }
  /** `#`, `#index` or `#acc` inside a closure. */
  | { readonly is: "pointer"; readonly name: "" | "index" | "acc" }
  | { readonly is: "array"; readonly items: readonly Expression[] }
  | { readonly is: "map"; readonly entries: readonly { readonly key: Expression; readonly value: Expression }[] }
  | { readonly is: "unary"; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly is: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly is: "choice";
      readonly condition: Expression;
      readonly met: Expression;
      readonly unmet: Expression;
    }
  | { readonly is: "index"; readonly of: Expression; readonly index: Expression; readonly isOptional: boolean }
  | {
      readonly is: "slice";
      readonly of: Expression;
      readonly from: Expression | undefined;
      readonly to: Expression | undefined;
    }
  | { readonly is: "call"; readonly name: string; readonly inputs: readonly Expression[] }
  | { readonly is: "closure"; readonly body: Expression }
);

/** What can't be read or typed, and where. */
export interface ConditionFault {
  readonly message: string;
  readonly at: Position;
}

/** Thrown inside this folder, returned at its door. */
export class ConditionError extends Error {
  readonly at: Position;

  constructor(message: string, at: Position) {
    super(message);
    this.at = at;
  }
}
