import { readFile, rename, writeFile } from "node:fs/promises";
import type { Judgement } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { type JudgedWindow, modelFault, shippedModel, type TreeModel, tolerancesOf } from "@sluice/verdict";
import { type PastRelease, type Retrained, retrain } from "@sluice/verdict/training";
import { log } from "../log.ts";
import { isTakenBackLater } from "./same-release.ts";
import type { Ended, WindowLogs } from "./window-log.ts";

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

/** Releases that ended, oldest first, with what the judge was shown of them: also those whose Judgements are gone. */
export async function pastReleases(
  judgements: readonly Judgement[],
  logs: WindowLogs,
): Promise<readonly PastRelease[]> {
  const ends = new Map<string, Ended>(judgements.map(({ metadata, spec }) => [metadata.uid ?? "", spec]));
  const past: { readonly end: Ended; readonly release: PastRelease }[] = [];
  const known: Ended[] = [];
  for (const uid of await logs.uids()) {
    const kept = await logs.read(uid);
    const end = ends.get(uid) ?? kept?.ended;
    const outcome = end?.outcome;
    if (end !== undefined) known.push(end);
    if (kept === undefined || end === undefined || (outcome !== "promoted" && outcome !== "rolledBack")) continue;
    // A preview that nobody asked anything went well for no reason.
    if (!kept.windows.some(({ window }) => isCompared(window))) continue;
    const { release, windows } = kept;
    past.push({ end, release: { release, windows, tolerances: tolerancesOf(end), outcome } });
  }
  return past
    .filter(({ end }) => !isTakenBackLater(end, known))
    .sort(({ end: a }, { end: b }) => (a.beganAt < b.beganAt ? -1 : 1))
    .map(({ release }) => release);
}

const isCompared = ({ canary, stable }: JudgedWindow): boolean =>
  canary.requests > 0 && stable !== undefined && stable.requests > 0;

/** Trains on what is kept, and writes the model that comes of it where it is no worse on the releases held out. */
export async function trainTeamModel(
  judgements: readonly Judgement[],
  logs: WindowLogs,
  path: string,
  seed: number,
): Promise<Retrained> {
  const past = await pastReleases(judgements, logs);
  // What can't be used any more is no rival.
  const present = (await usableTeamModel(path)) ?? shippedModel;
  const trained = retrain(past, { shipped: shippedModel, present, seed });
  if (trained.is !== "learned") return trained;
  const file: TeamModelFile = { learnedFrom: trained.heldOut.learnedFrom, model: trained.model };
  // The control plane may be reading: it sees the one or the other, whole.
  await writeFile(`${path}.new`, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return trained;
}
