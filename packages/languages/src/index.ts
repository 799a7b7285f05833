export {
  type BinaryOperator,
  type ConditionFault,
  type ConditionOutcome,
  checkCondition,
  type Expression,
  evaluateCondition,
  goFloat,
  type ParsedCondition,
  type Position,
  parseCondition,
  parseFloat64,
  type UnaryOperator,
} from "./condition/index.ts";
