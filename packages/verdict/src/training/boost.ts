// Gradient-boosted trees with logistic loss, by histograms. What it writes is read by the verdict's learned layer.
import type { Random } from "@sluice/kernel";
import { scoreOf, type Tree, type Trees } from "../learned/trees.ts";

export interface Examples {
  readonly inputs: readonly (readonly number[] | Float32Array)[];
  /** 1: harms its users. */
  readonly labels: readonly number[];
  readonly weights: readonly number[];
}

export interface BoostOptions {
  readonly trees: number;
  readonly depth: number;
  readonly rate: number;
  /** Shrinks leaves of few examples. */
  readonly ridge: number;
  /** Inputs that may only raise the score. */
  readonly rising: ReadonlySet<number>;
  /** What is known already: the new trees only add to it. */
  readonly onto?: Trees | undefined;
}

const bins = 40;

interface Growing {
  readonly rows: Int32Array;
  readonly low: number;
  readonly high: number;
}

/** Deterministic by the source of chance. */
export function boost(
  { inputs, labels, weights }: Examples,
  options: BoostOptions,
  random: Random,
): { readonly base: number; readonly trees: readonly Tree[] } {
  const count = labels.length;
  const width = inputs[0]?.length ?? 0;
  const edges = Array.from({ length: width }, (_, input) => edgesOf(inputs, input));
  const binned = new Uint8Array(count * width);
  for (let row = 0; row < count; row++) {
    for (let input = 0; input < width; input++) {
      binned[row * width + input] = binOf(edges[input] ?? [], inputs[row]?.[input] ?? 0);
    }
  }
  let all = 0;
  let bad = 0;
  for (let row = 0; row < count; row++) {
    all += weights[row] ?? 0;
    bad += (weights[row] ?? 0) * (labels[row] ?? 0);
  }
  const { onto } = options;
  const base = onto?.base ?? Math.log(bad / (all - bad));
  const scores = Float64Array.from(inputs, (row) => (onto === undefined ? base : scoreOf(onto, row)));
  const slopes = new Float64Array(count);
  const curves = new Float64Array(count);
  const trees: Tree[] = [];
  for (let index = 0; index < options.trees; index++) {
    const chosen: number[] = [];
    for (let row = 0; row < count; row++) {
      const probability = 1 / (1 + Math.exp(-(scores[row] ?? 0)));
      const weight = weights[row] ?? 0;
      slopes[row] = weight * (probability - (labels[row] ?? 0));
      curves[row] = weight * probability * (1 - probability) + 1e-9;
      if (random.next() < 0.6) chosen.push(row);
    }
    const allowed = Array.from({ length: width }, () => random.next() < 0.7);
    const nodes: number[][] = [];
    grow({ rows: Int32Array.from(chosen), low: -8, high: 8 }, 0);
    trees.push(nodes.flat());
    for (let row = 0; row < count; row++) scores[row] = (scores[row] ?? 0) + leafOf(nodes, inputs[row] ?? []);

    function grow({ rows, low, high }: Growing, depth: number): number {
      let [slope, curve] = [0, 0];
      for (const row of rows) {
        slope += slopes[row] ?? 0;
        curve += curves[row] ?? 0;
      }
      const at = nodes.length;
      const value = Math.min(high, Math.max(low, -slope / (curve + options.ridge)));
      nodes.push([-1, round(options.rate * value), 0, 0]);
      if (depth === options.depth || rows.length < 40) return at;
      const split = bestSplit(rows, slope, curve);
      if (split === undefined) return at;
      const { input, bin, isRising, middle } = split;
      const left = rows.filter((row) => (binned[row * width + input] ?? 0) <= bin);
      const right = rows.filter((row) => (binned[row * width + input] ?? 0) > bin);
      const bound = Math.min(high, Math.max(low, middle));
      const node = nodes[at] as number[];
      node[0] = input;
      node[1] = edges[input]?.[bin] ?? 0;
      node[2] = grow({ rows: left, low, high: isRising ? bound : high }, depth + 1);
      node[3] = grow({ rows: right, low: isRising ? bound : low, high }, depth + 1);
      return at;
    }

    function bestSplit(rows: Int32Array, slope: number, curve: number) {
      const slopeOf = new Float64Array(width * bins);
      const curveOf = new Float64Array(width * bins);
      for (const row of rows) {
        const [rowSlope, rowCurve] = [slopes[row] ?? 0, curves[row] ?? 0];
        for (let input = 0; input < width; input++) {
          const at = input * bins + (binned[row * width + input] ?? 0);
          slopeOf[at] = (slopeOf[at] ?? 0) + rowSlope;
          curveOf[at] = (curveOf[at] ?? 0) + rowCurve;
        }
      }
      const whole = (slope * slope) / (curve + options.ridge);
      let best: { input: number; bin: number; isRising: boolean; middle: number } | undefined;
      let bestGain = 1e-3;
      for (let input = 0; input < width; input++) {
        if (allowed[input] !== true) continue;
        const isRising = options.rising.has(input);
        let [leftSlope, leftCurve] = [0, 0];
        for (let bin = 0; bin < (edges[input]?.length ?? 0); bin++) {
          leftSlope += slopeOf[input * bins + bin] ?? 0;
          leftCurve += curveOf[input * bins + bin] ?? 0;
          const [rightSlope, rightCurve] = [slope - leftSlope, curve - leftCurve];
          if (leftCurve < 3 || rightCurve < 3) continue;
          const left = -leftSlope / (leftCurve + options.ridge);
          const right = -rightSlope / (rightCurve + options.ridge);
          if (isRising && right < left) continue;
          const gain =
            leftSlope ** 2 / (leftCurve + options.ridge) + rightSlope ** 2 / (rightCurve + options.ridge) - whole;
          if (gain <= bestGain) continue;
          bestGain = gain;
          best = { input, bin, isRising, middle: (left + right) / 2 };
        }
      }
      return best;
    }
  }
  return { base: round(base), trees: [...(onto?.trees ?? []), ...trees] };
}

function leafOf(nodes: readonly number[][], inputs: ArrayLike<number>): number {
  let node = nodes[0];
  while (node !== undefined && (node[0] ?? -1) >= 0) {
    node = nodes[((inputs[node[0] ?? 0] ?? 0) <= (node[1] ?? 0) ? node[2] : node[3]) ?? 0];
  }
  return node?.[1] ?? 0;
}

/** Four digits say enough, and keep the file small. */
const round = (value: number): number => Number(value.toPrecision(4));

function edgesOf(inputs: Examples["inputs"], input: number): number[] {
  const every = Math.max(1, Math.floor(inputs.length / 20_000));
  const values: number[] = [];
  for (let row = 0; row < inputs.length; row += every) values.push(inputs[row]?.[input] ?? 0);
  values.sort((left, right) => left - right);
  const edges: number[] = [];
  for (let bin = 1; bin < bins; bin++) {
    const value = round(values[Math.floor((bin * values.length) / bins)] ?? 0);
    if (value > (edges.at(-1) ?? Number.NEGATIVE_INFINITY)) edges.push(value);
  }
  return edges;
}

function binOf(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value > (edges[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
