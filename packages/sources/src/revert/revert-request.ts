import type { DirectoryOptions } from "../manifests/select-files.ts";
import type { RevertMode } from "./decide-revert.ts";

/** The work of a `revertInGit` task. */
export interface RevertRequest {
  readonly repoURL: string;
  /** The Application's targetRevision. */
  readonly revision: string;
  readonly path: string;
  readonly directory?: DirectoryOptions;
  /** As in branch names. */
  readonly application: string;
  readonly workload: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  };
  /** The digest of the version that was taken back. */
  readonly badDigest: string;
  /** Digests of ConfigMaps and Secrets that are no part of the repository, by `Kind/name`. */
  readonly configuration?: Readonly<Record<string, string>>;
  /** Digests of other quarantined versions of the workload: none of them is a place to go back to. */
  readonly otherBadDigests?: readonly string[];
  /** The version that runs as stable, where it is known. */
  readonly goodDigest?: string;
  readonly mode: RevertMode;
  readonly reason: string;
  /** uid of the Quarantine: stands in the commit, so that the same repair is never made twice. */
  readonly id: string;
  readonly quarantine: string;
  /** RFC 3339; the same on each try, so that the commit is the same. */
  readonly at: string;
}

export interface RevertOutcome {
  readonly is: "committed" | "branchPushed" | "patchWritten" | "notNeeded" | "held";
  readonly message: string;
  readonly branch?: string;
  /** The commit that repairs. */
  readonly commit?: string;
  /** The commit that is taken back. */
  readonly reverts?: string;
  /** Relative to the state folder. */
  readonly patchPath?: string;
}

export const idTrailer = "Sluice-Revert";

/** Git takes no blanks, colons and the like in names of refs. */
export const branchName = (application: string, culprit: string): string =>
  `sluice/revert-${application.replace(/[^A-Za-z0-9_-]+/g, "-")}-${culprit.slice(0, 12)}`;

export function commitMessage(
  request: RevertRequest,
  culprit: { sha: string; subject: string },
  good: string,
  files: readonly string[],
): string {
  const { workload, application, reason, id, quarantine } = request;
  return [
    `Revert "${culprit.subject.slice(0, 120)}"`,
    "",
    `${workload.kind} ${workload.name} of application ${application} was taken back: ${oneLine(reason)}.`,
    `This restores ${files.join(", ")} to what ${good.slice(0, 12)} had.`,
    "",
    `This reverts commit ${culprit.sha}.`,
    "",
    `Sluice-Quarantine: ${quarantine}`,
    `${idTrailer}: ${id}`,
    "",
  ].join("\n");
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim().replace(/\.$/, "").slice(0, 500);
