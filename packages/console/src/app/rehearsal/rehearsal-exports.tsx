import { sameJson } from "@sluice/kernel";
import { defaultTraffic, noises, type Rehearsal } from "@sluice/rehearsal";
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

function commandOf({ traffic, runs, seed, personMillis, noticeMillis, readyMillis }: Asked): string {
  const { requestsPerSecond, errors, p95Ms, dailySwing, conversions, noise } = traffic;
  const noiseName = Object.entries(noises).find(([, each]) => sameJson(each, noise))?.[0] ?? "normal";
  const others = [
    dailySwing === 1 ? "" : ` --daily-swing ${dailySwing}x`,
    noiseName === "normal" ? "" : ` --noise ${noiseName}`,
    conversions === defaultTraffic.conversions ? "" : ` --conversions ${percentOf(conversions)}%`,
    readyMillis === undefined ? "" : ` --ready ${readyMillis / 1000}s`,
    personMillis === 600_000 ? "" : ` --person ${personMillis / 60_000}m`,
    noticeMillis === 3_600_000 ? "" : ` --notice ${noticeMillis / 60_000}m`,
  ].join("");
  return `sluice rehearse FILE --no-history --traffic ${requestsPerSecond}rps --errors ${percentOf(errors)}% --p95 ${p95Ms}ms --runs ${runs} --seed ${seed}${others}`;
}

const percentOf = (share: number): number => Number((share * 100).toPrecision(12));

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
