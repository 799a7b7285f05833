import { flow } from "./flow.ts";
import { paint, width } from "./style.ts";

/** Something with what belongs to it below. */
export interface Branch {
  /** Side by side as far as there is room. */
  readonly parts: readonly string[];
  readonly below?: readonly Branch[];
}

/** Lines for branches that hang below something; `lead` stands before each line.*/
export function renderBranches(branches: readonly Branch[], columns: number, lead = "  "): readonly string[] {
  return branches.flatMap(({ parts, below = [] }, index) => {
    const isLast = index === branches.length - 1;
    const stem = lead + paint("dim", isLast ? "   " : "│  ");
    const [first = "", ...others] = flow(parts, { columns: columns - width(lead) - 3, indent: 2 });
    const rest = others.map((line) => stem + (below.length === 0 ? line : paint("dim", "│") + line.slice(1)));
    const head = lead + paint("dim", isLast ? "└─ " : "├─ ") + first;
    return [head, ...rest, ...renderBranches(below, columns, stem)];
  });
}

/** Each with a line of its own, and what belongs to it hanging below. */
export const renderTrees = (trees: readonly Branch[], columns: number, lead = "  "): readonly string[] =>
  trees.flatMap(({ parts, below = [] }) => [
    ...flow(parts, { columns: columns - width(lead), indent: 2 }).map((line) => lead + line),
    ...renderBranches(below, columns, lead),
  ]);
