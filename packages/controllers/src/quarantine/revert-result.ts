/** Result of a `revertInGit` task. */
export interface RevertResult {
  readonly is: "committed" | "branchPushed" | "patchWritten" | "notNeeded" | "held";
  readonly message: string;
  readonly branch?: string;
  readonly commit?: string;
  readonly reverts?: string;
  readonly patchPath?: string;
}
