import { unreachable } from "@sluice/kernel";
import type { SetOperator, VectorMatching } from "@sluice/languages";
import { hasSamples, mapRow, mergeRows, type Row } from "./row.ts";
import { SignatureIndex } from "./signature.ts";

/** `and`, `or`, `unless`: series go through as they are, or not, at each step. */
export function combineSets(
  operator: SetOperator,
  matching: VectorMatching,
  left: readonly Row[],
  right: readonly Row[],
): readonly Row[] {
  const index = new SignatureIndex(matching);
  const leftSignatures = index.numbersOf(left);
  const rightSignatures = index.numbersOf(right);
  switch (operator) {
    case "and":
    case "unless": {
      const onRight = presence(right, rightSignatures, index.size);
      return filterRows(left, leftSignatures, onRight, operator === "and");
    }
    case "or": {
      const onLeft = presence(left, leftSignatures, index.size);
      return mergeRows([...left, ...filterRows(right, rightSignatures, onLeft, false)]);
    }
    default:
      return unreachable(operator);
  }
}

/** For each signature, the steps at which some row of it has a value. */
function presence(rows: readonly Row[], signatures: Int32Array, count: number): (Uint8Array | undefined)[] {
  const steps = new Array<Uint8Array | undefined>(count).fill(undefined);
  for (const [at, row] of rows.entries()) {
    const signature = signatures[at] as number;
    const seen = steps[signature] ?? new Uint8Array(row.present.length);
    for (let step = 0; step < seen.length; step++) if (row.present[step] === 1) seen[step] = 1;
    steps[signature] = seen;
  }
  return steps;
}

function filterRows(
  rows: readonly Row[],
  signatures: Int32Array,
  others: readonly (Uint8Array | undefined)[],
  wanted: boolean,
): Row[] {
  return rows
    .map((row, at) => {
      const other = others[signatures[at] as number];
      return mapRow(row, (value, step) => ((other?.[step] === 1) === wanted ? value : undefined));
    })
    .filter(hasSamples);
}
