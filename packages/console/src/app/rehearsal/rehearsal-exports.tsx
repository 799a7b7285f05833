import type { Rehearsal } from "@sluice/rehearsal";
import type { ReactNode } from "react";
import type { Asked } from "./asked.ts";

/** Takes the result along: as a file, and as the command that brings the same bytes. */
export function RehearsalExports({
  asked,
  rehearsals,
}: {
  readonly asked: Asked;
  readonly rehearsals: readonly Rehearsal[];
}): ReactNode {
  return (
    <div className="card rehearsal-exports">
      <button type="button" onClick={() => save("rehearsal.json", jsonOf(rehearsals))}>
        Save as JSON
      </button>
      {asked.learned === undefined && (
        <p className="quiet break">
          The same in a terminal or a pipeline, where more can be said: <code>{commandOf(asked)}</code>
        </p>
      )}
    </div>
  );
}

/** To the byte what `sluice rehearse --json` prints; a page requires nothing. */
const jsonOf = (rehearsals: readonly Rehearsal[]): string =>
  `${JSON.stringify(rehearsals.map((rehearsal) => ({ ...rehearsal, requirements: [] })))}\n`;

function commandOf({ traffic: { requestsPerSecond, errors, p95Ms }, runs, seed }: Asked): string {
  const percent = Number((errors * 100).toPrecision(12));
  return `sluice rehearse FILE --no-history --traffic ${requestsPerSecond}rps --errors ${percent}% --p95 ${p95Ms}ms --runs ${runs} --seed ${seed}`;
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
