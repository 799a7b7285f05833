/** What the annotation `sluice.dev/revert` asks for. */
export type RevertMode = "branch" | "commit";

/** Everything the decision is made from; each is a fact about the repository at one instant. */
export interface RevertFacts {
  readonly mode: RevertMode;
  /** HEAD still renders the version that was taken back. */
  readonly isBadAtHead: boolean;
  /** The commit that brought the bad version; undefined where none was found. */
  readonly culprit:
    | {
        readonly sha: string;
        readonly parents: number;
        readonly isHead: boolean;
        /** Files it changed that aren't this Application's. */
        readonly foreignFiles: readonly string[];
        /** Changes in it that going back doesn't undo, e.g. a CustomResourceDefinition. */
        readonly irrevertible: readonly string[];
      }
    | undefined;
  /** Commits since the last good one that changed this workload's version. */
  readonly culprits: number;
  /** The revision names a branch that can be committed to. */
  readonly isBranch: boolean;
  /** What later commits did to the same lines. */
  readonly conflicts: readonly string[];
  /** The result renders the last good version, with no fault. */
  readonly isResultGood: boolean;
}

export type RevertDecision =
  | { readonly is: "notNeeded"; readonly because: string }
  | { readonly is: "held"; readonly because: string }
  | { readonly is: "commit"; readonly because: string }
  | { readonly is: "branch"; readonly because: string };

/** Pure. A direct commit only where nothing about it can be doubted; else a branch for a person; else nothing. */
export function decideRevert(facts: RevertFacts): RevertDecision {
  const { culprit, mode } = facts;
  if (!facts.isBadAtHead)
    return { is: "notNeeded", because: "HEAD no longer asks for the version that was taken back" };
  if (culprit === undefined) {
    return {
      is: "held",
      because: "no earlier commit asks for another version of this workload: there is nothing to go back to",
    };
  }
  if (culprit.irrevertible.length > 0) {
    return { is: "held", because: `not revertible: ${culprit.irrevertible.join(", ")}; a person decides` };
  }
  if (facts.conflicts.length > 0) {
    return {
      is: "held",
      because: `later commits changed the same lines of ${facts.conflicts.join(", ")}; a person decides`,
    };
  }
  if (!facts.isResultGood)
    return { is: "held", because: "going back doesn't render the last good version; a person decides" };
  if (mode === "branch") return { is: "branch", because: "sluice.dev/revert is branch" };
  const doubt = doubtOf(facts, culprit);
  return doubt === undefined
    ? { is: "commit", because: `HEAD is the one commit that brought it, and it touches nothing else` }
    : { is: "branch", because: `not committed directly: ${doubt}` };
}

function doubtOf(facts: RevertFacts, culprit: NonNullable<RevertFacts["culprit"]>): string | undefined {
  if (!facts.isBranch) return "targetRevision is no branch";
  if (!culprit.isHead) return "HEAD has moved since";
  if (culprit.parents !== 1) return "it came by a merge commit";
  if (facts.culprits !== 1) return `${facts.culprits} commits since the last good one changed this version`;
  if (culprit.foreignFiles.length > 0) {
    const more = culprit.foreignFiles.length > 3 ? ` and ${culprit.foreignFiles.length - 3} more` : "";
    return `the commit also changes ${culprit.foreignFiles.slice(0, 3).join(", ")}${more}, which isn't this application's`;
  }
  return undefined;
}
