import type { Quarantine } from "@sluice/api";
import type { ReactNode } from "react";
import { shortRevision } from "../format.ts";
import { Ago } from "../parts/ago.tsx";
import { Notice } from "../parts/states.tsx";

/** What was taken back, why, and what became of it in git; folded once another version is asked for. */
export function QuarantineNotice({
  quarantine,
  isCurrent,
}: {
  readonly quarantine: Quarantine;
  readonly isCurrent: boolean;
}): ReactNode {
  const { metadata, spec } = quarantine;
  const title = `${spec.images[0] ?? spec.podTemplateHash} is quarantined: it gets no traffic`;
  if (isCurrent) {
    return (
      <Notice tone="bad" title={title}>
        <Story quarantine={quarantine} />
      </Notice>
    );
  }
  return (
    <details className="notice past">
      <summary>
        {title} <span className="quiet">since</span> <Ago at={metadata.creationTimestamp} />
      </summary>
      <Story quarantine={quarantine} />
    </details>
  );
}

function Story({ quarantine }: { readonly quarantine: Quarantine }): ReactNode {
  const { metadata, spec, status } = quarantine;
  const commit = status?.gitRevert?.commit;
  return (
    <>
      <p>{spec.reason}</p>
      <p>
        In git: {gitText(quarantine)}
        {commit !== undefined && (
          <>
            {" "}
            by <code>{shortRevision(commit)}</code>
          </>
        )}
        .
      </p>
      <p className="quiet">
        Let it in again:{" "}
        <code>
          sluice quarantine lift {metadata.name} -n {metadata.namespace}
        </code>
      </p>
    </>
  );
}

function gitText({ spec, status }: Quarantine): string {
  const revert = status?.gitRevert;
  const bad = shortRevision(revert?.reverts ?? spec.source?.revision ?? "");
  switch (revert?.phase) {
    case "Committed":
      return `${bad} is reverted on ${revert.branch ?? "its branch"}`;
    case "BranchPushed":
      return `branch ${revert.branch ?? ""} takes ${bad} back: merge it`;
    case "PatchWritten":
      return `the patch that takes ${bad} back is at ${revert.patchPath ?? "the state folder"}`;
    case "NotNeeded":
      return "it asks for another version already";
    case "Off":
      return "left as it is";
    case "Held":
    case "Failed":
      return `it still asks for this version: ${revert.message ?? "see the decision"}`;
    default:
      return "being put right";
  }
}
