// A team's own releases as examples: what its judge was shown, and how each release ended.
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createJudge } from "@sluice/verdict";
import { readWindowLog } from "../../packages/cli/src/control-plane/judging/window-log.ts";
import { type Look, type Playback, silent } from "./playback.ts";

/** How many simulated releases one real one counts for. */
const realWeight = 10;

interface JudgementList {
  readonly items: readonly {
    readonly metadata: { readonly uid: string };
    readonly spec: { readonly outcome?: string };
  }[];
}

export interface PastRelease {
  readonly uid: string;
  readonly playback: Playback;
}

/**
 * Reads `<uid>.ndjson` of a folder, and from `outcomesPath` (`kubectl get judgements -A -o json`) how they ended. What a
 * person decided counts, whatever the verdict was: promoted is good, taken back is bad. Others are left out.
 */
export async function readHistory(folder: string, outcomesPath: string): Promise<readonly PastRelease[]> {
  const list = JSON.parse(await readFile(outcomesPath, "utf8")) as Partial<JudgementList>;
  if (!Array.isArray(list.items)) {
    throw new Error(
      `${outcomesPath}: found no items, expected a list of Judgements; kubectl get judgements -A -o json`,
    );
  }
  const outcomes = new Map(list.items.map(({ metadata, spec }) => [metadata.uid, spec.outcome]));
  const releases: PastRelease[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".ndjson")).sort()) {
    const uid = basename(file, ".ndjson");
    const outcome = outcomes.get(uid);
    if (outcome !== "promoted" && outcome !== "rolledBack") continue;
    const log = await readWindowLog(join(folder, file));
    if (log !== undefined) releases.push({ uid, playback: playbackOf(log, outcome === "rolledBack") });
  }
  return releases;
}

function playbackOf(log: NonNullable<Awaited<ReturnType<typeof readWindowLog>>>, isBad: boolean): Playback {
  const judge = createJudge(log.release, undefined, { learned: silent });
  const verdicts = log.windows.map(({ window }) => ({ window, verdict: judge.observe(window), inputs: judge.inputs }));
  // Nobody wrote down when the harm began: the strongest evidence at the end says since when it speaks.
  const since = verdicts.at(-1)?.verdict.evidence[0]?.since ?? 0;
  const looks = verdicts.map(({ window, verdict, inputs }): Look => {
    const time = window.ends / 1000;
    const seconds = window.lasts / 1000;
    const isHarmful = isBad && time > since;
    const harm = isHarmful ? (window.weight * seconds) / 3600 : 0;
    const seen = inputs === undefined || window.stable === undefined ? undefined : Float32Array.from(inputs);
    return { time, seconds, inputs: seen, nats: verdict.nats, action: verdict.action, isHarmful, harm };
  });
  return { isBad, looks, weight: realWeight };
}
