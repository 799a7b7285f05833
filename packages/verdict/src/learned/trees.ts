/** Kinds of evidence of which a model may say how much is enough; conversions, memory and restarts are left to proof. */
export const families = ["failures", "slowness"] as const;
export type Family = (typeof families)[number];

/** Boosted trees as data: what `npm run train` writes and the judge reads. */
export interface TreeModel {
  readonly version: 2;
  /** Names of the inputs in their order; a model for other inputs is refused. */
  readonly inputs: readonly string[];
  /** Of a family without a part proof decides alone. */
  readonly parts: Readonly<Partial<Record<Family, Trees>>>;
}

export interface Trees {
  /** Log odds before any tree. */
  readonly base: number;
  /** Log odds at which no more and no less evidence is asked for than without a model. */
  readonly neutral: number;
  readonly trees: readonly Tree[];
}

/** Nodes in a row: four numbers a node, `[input, at most, left, right]`, or `[-1, log odds, 0, 0]` for a leaf. */
export type Tree = readonly number[];

/** Log odds that a release with these inputs harms its users. */
export function scoreOf(model: Omit<Trees, "neutral">, inputs: ArrayLike<number>): number {
  let score = model.base;
  for (const tree of model.trees) {
    let node = 0;
    for (;;) {
      const input = tree[4 * node] ?? -1;
      const value = tree[4 * node + 1] ?? 0;
      if (input < 0) {
        score += value;
        break;
      }
      node = ((inputs[input] ?? 0) <= value ? tree[4 * node + 2] : tree[4 * node + 3]) ?? 0;
    }
  }
  return score;
}

/** Why a model can't be used with these inputs; undefined for a sound one. */
export function faultOf(model: TreeModel, inputs: readonly string[]): string | undefined {
  if (model.version !== 2) return `version: found ${JSON.stringify(model.version)}, expected 2; train it anew`;
  if (model.inputs.join() !== inputs.join()) return "inputs: they aren't the judge's; train it anew";
  for (const family of families) {
    const fault = model.parts[family] === undefined ? undefined : faultOfPart(model.parts[family], inputs.length);
    if (fault !== undefined) return `parts.${family}: ${fault}`;
  }
  return undefined;
}

function faultOfPart({ base, neutral, trees }: Trees, inputs: number): string | undefined {
  if (![base, neutral].every((level) => Number.isFinite(level))) return "base, neutral: expected numbers";
  for (const [index, tree] of trees.entries()) {
    const nodes = tree.length / 4;
    if (!Number.isInteger(nodes) || nodes < 1) return `trees[${index}]: expected four numbers a node`;
    for (let node = 0; node < nodes; node++) {
      const [input = -1, value, left = 0, right = 0] = tree.slice(4 * node, 4 * node + 4);
      if (!Number.isFinite(value)) return `trees[${index}]: node ${node} has no value`;
      if (input < 0) continue;
      // Children come later than their parent, so that every walk ends.
      const isWalkable = [left, right].every((child) => Number.isInteger(child) && child > node && child < nodes);
      if (!isWalkable || input >= inputs) return `trees[${index}]: node ${node} leads nowhere`;
    }
  }
  return undefined;
}
