import { readFile, rename, writeFile } from "node:fs/promises";
import type { Judgement } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { modelFault, shippedModel, type TreeModel, tolerancesOf } from "@sluice/verdict";
import { PastPlayback, type Playback, type Retrained, retrain } from "@sluice/verdict/training";
import { log } from "../log.ts";
import { isTakenBackLater } from "./same-release.ts";
import type { Ended } from "./window-log.ts";
import type { WindowLogs } from "./window-logs.ts";

/** As it lies in the state folder. */
interface TeamModelFile {
  readonly learnedFrom: number;
  readonly model: TreeModel;
}

/** Undefined where nothing was trained. Faults: invalid, with what is wrong with the file. */
export async function readTeamModel(path: string): Promise<TreeModel | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const model = modelIn(text);
  const fault = model === undefined ? "found no model" : modelFault(model);
  if (model !== undefined && fault === undefined) return model;
  throw new Fault("invalid", `${path}: ${fault}; train it anew (sluice judge train), or remove the file`);
}

function modelIn(text: string): TreeModel | undefined {
  try {
    const { model } = JSON.parse(text) as Partial<TeamModelFile>;
    return typeof model?.parts === "object" && Array.isArray(model.inputs) ? model : undefined;
  } catch {
    return undefined;
  }
}

/** What the control plane judges with: a file that can't be used leaves the built-in judge, and says so. */
export async function usableTeamModel(path: string): Promise<TreeModel | undefined> {
  try {
    return await readTeamModel(path);
  } catch (error) {
    log(`the judge goes on without what the team's releases taught: ${(error as Error).message}`);
    return undefined;
  }
}

interface PastReleases {
  readonly playbacks: readonly Playback[];
  /** Lines of their logs that say nothing any more. */
  readonly unreadable: number;
}

/**
 * What releases that ended teach, oldest first, also those whose Judgements are gone. Each is played as it is read, so that the
 * windows of one at a time are looked at, and none is kept.
 */
export async function pastReleases(judgements: readonly Judgement[], logs: WindowLogs): Promise<PastReleases> {
  const known = new Map<string, Ended>(judgements.map(({ metadata, spec }) => [metadata.uid ?? "", spec]));
  const ends: { readonly uid: string; readonly end: Ended }[] = [];
  for (const uid of await logs.uids()) {
    const end = known.get(uid) ?? (await logs.end(uid));
    if (end !== undefined) ends.push({ uid, end });
  }
  const all = ends.map(({ end }) => end);
  ends.sort(({ end: a }, { end: b }) => (a.beganAt < b.beganAt ? -1 : 1));
  const playbacks: Playback[] = [];
  let unreadable = 0;
  for (const { uid, end } of ends) {
    const { outcome } = end;
    if ((outcome !== "promoted" && outcome !== "rolledBack") || isTakenBackLater(end, all)) continue;
    // A person may have stopped it for any reason.
    if (end.blamed === false) continue;
    let past: PastPlayback | undefined;
    const kept = await logs.read(uid, ({ release }) => {
      const playing = new PastPlayback({ release, tolerances: tolerancesOf(end), outcome });
      past = playing;
      return ({ window, verdict }) => playing.show(window, verdict);
    });
    unreadable += kept?.unreadable ?? 0;
    const playback = past?.playback();
    if (playback !== undefined) playbacks.push(playback);
  }
  return { playbacks, unreadable };
}

export type Trained = Retrained & Pick<PastReleases, "unreadable">;

/** Trains on what is kept, and writes the model that comes of it where it is no worse on the releases held out. */
export async function trainTeamModel(
  judgements: readonly Judgement[],
  logs: WindowLogs,
  path: string,
  seed: number,
): Promise<Trained> {
  const { playbacks, unreadable } = await pastReleases(judgements, logs);
  // What can't be used any more is no rival.
  const present = (await usableTeamModel(path)) ?? shippedModel;
  const trained = { ...retrain(playbacks, { shipped: shippedModel, present, seed }), unreadable };
  if (trained.is !== "learned") return trained;
  const file: TeamModelFile = { learnedFrom: trained.heldOut.learnedFrom, model: trained.model };
  // The control plane may be reading: it sees the one or the other, whole.
  await writeFile(`${path}.new`, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return trained;
}
