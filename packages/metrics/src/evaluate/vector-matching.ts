import type { ArithmeticOperator, BinaryOperation, ComparisonOperator } from "@sluice/languages";
import { describeLabels, dropMetricName, eachLabel, fromPairs, type Labels, labelsKey, labelValue } from "../labels.ts";
import type { Evaluation } from "./evaluation.ts";
import { applyOperator, dropsName } from "./operators.ts";
import { QueryRefused } from "./outcome.ts";
import { emptyRow, hasSamples, mergeRows, type Row } from "./row.ts";
import { SignatureIndex, signatureLabels } from "./signature.ts";

type Operation = BinaryOperation & { readonly operator: ArithmeticOperator | ComparisonOperator };

/**
 * Arithmetic or comparison of two vectors, series by series of the same signature.
 * https://github.com/prometheus/prometheus/blob/main/promql/engine.go (VectorBinop)
 */
export function matchVectors(
  evaluation: Evaluation,
  operation: Operation,
  left: readonly Row[],
  right: readonly Row[],
): readonly Row[] {
  const isSwapped = operation.matching.cardinality === "one-to-many";
  const [many, one] = isSwapped ? [right, left] : [left, right];
  const index = new SignatureIndex(operation.matching);
  const pairing: Pairing = {
    operation,
    isSwapped,
    many,
    one,
    manySignatures: index.numbersOf(many),
    oneSignatures: index.numbersOf(one),
    signatureCount: index.size,
    results: new Map(),
    steps: evaluation.steps.length,
  };
  for (let step = 0; step < pairing.steps; step++) {
    evaluation.frame.budget.work(many.length + one.length);
    matchStep(pairing, step);
  }
  return mergeRows([...pairing.results.values()].map((result) => result.row).filter(hasSamples));
}

interface Pairing {
  readonly operation: Operation;
  readonly isSwapped: boolean;
  readonly many: readonly Row[];
  readonly one: readonly Row[];
  readonly manySignatures: Int32Array;
  readonly oneSignatures: Int32Array;
  readonly signatureCount: number;
  /** By number of the pair of rows; the key is that of the result's labels. */
  readonly results: Map<number, { readonly row: Row; readonly key: string }>;
  readonly steps: number;
}

function matchStep(pairing: Pairing, step: number): void {
  const { operation, many, one, manySignatures } = pairing;
  // With one side empty nothing can match, and duplicates on the other are no error.
  if (!many.some((row) => row.present[step] === 1)) return;
  const oneAt = findOnes(pairing, step);
  const matched = new Set<number | string>();
  for (const [at, row] of many.entries()) {
    if (row.present[step] !== 1) continue;
    const signature = manySignatures[at] as number;
    const found = oneAt[signature] as number;
    const partner = one[found];
    if (partner === undefined) continue;
    const result = resultFor(pairing, at, found);
    const identity = operation.matching.cardinality === "one-to-one" ? signature : result.key;
    if (matched.has(identity)) throw ambiguous(operation, result.row.labels);
    matched.add(identity);
    const [leftValue, rightValue] = pairing.isSwapped
      ? [partner.values[step] as number, row.values[step] as number]
      : [row.values[step] as number, partner.values[step] as number];
    const outcome = applyOperator(operation.operator, leftValue, rightValue);
    if (outcome === false && !operation.returnsBool) continue;
    result.row.present[step] = 1;
    result.row.values[step] = outcome === true && !operation.returnsBool ? leftValue : Number(outcome);
  }
}

/** For each signature the row of the "one" side that has a value at the step, or -1. */
function findOnes(pairing: Pairing, step: number): Int32Array {
  const { operation, one, oneSignatures, isSwapped } = pairing;
  const found = new Int32Array(pairing.signatureCount).fill(-1);
  for (const [at, row] of one.entries()) {
    if (row.present[step] !== 1) continue;
    const signature = oneSignatures[at] as number;
    const earlier = one[found[signature] as number];
    if (earlier !== undefined) {
      const group = describeAll(signatureLabels(row.labels, operation.matching));
      const both = [earlier, row].map((each) => describeAll(each.labels)).sort();
      throw new QueryRefused(
        "execution",
        `found duplicate series for the match group ${group} on the ${isSwapped ? "left" : "right"} hand-side of the ` +
          `operation: [${both.join(", ")}];many-to-many matching not allowed: matching labels must be unique on one side`,
      );
    }
    found[signature] = at;
  }
  return found;
}

function ambiguous(operation: Operation, labels: Labels): QueryRefused {
  const rule =
    operation.matching.cardinality === "one-to-one"
      ? "many-to-one matching must be explicit (group_left/group_right)"
      : "grouping labels must ensure unique matches";
  return new QueryRefused("execution", `multiple matches for labels: ${rule} (at ${describeLabels(labels)})`);
}

const describeAll = (labels: Labels): string =>
  `{${[...eachLabel(labels)].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ")}}`;

function resultFor(pairing: Pairing, manyAt: number, oneAt: number): { readonly row: Row; readonly key: string } {
  const pair = manyAt * pairing.one.length + oneAt;
  const known = pairing.results.get(pair);
  if (known !== undefined) return known;
  const labels = resultLabels(
    pairing.operation,
    (pairing.many[manyAt] as Row).labels,
    (pairing.one[oneAt] as Row).labels,
  );
  const result = { row: emptyRow(labels, pairing.steps), key: labelsKey(labels) };
  pairing.results.set(pair, result);
  return result;
}

function resultLabels(operation: Operation, many: Labels, one: Labels): Labels {
  const { matching, operator, returnsBool } = operation;
  const named = dropsName(operator, returnsBool) ? dropMetricName(many) : many;
  if (matching.cardinality === "one-to-one") {
    const names = new Set(matching.labels);
    const isKept = (name: string) => names.has(name) === (matching.by === "on");
    return fromPairs([...eachLabel(named)].filter(([name]) => isKept(name)));
  }
  const included = matching.include.map((name) => [name, labelValue(one, name)] as const);
  return fromPairs([...eachLabel(named), ...included]);
}
