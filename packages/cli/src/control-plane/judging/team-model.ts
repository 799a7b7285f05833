import { readFile, rename, writeFile } from "node:fs/promises";
import type { Judgement } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { modelFault, shippedModel, type TreeModel, tolerancesOf } from "@sluice/verdict";
import { type PastRelease, type Retrained, retrain } from "@sluice/verdict/training";
import { log } from "../log.ts";
import type { WindowLogs } from "./window-log.ts";

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

/** Releases that ended, oldest first, with what the judge was shown of them. */
export async function pastReleases(
  judgements: readonly Judgement[],
  logs: WindowLogs,
): Promise<readonly PastRelease[]> {
  const past: PastRelease[] = [];
  for (const { metadata, spec } of judgements.toSorted((a, b) => (a.spec.beganAt < b.spec.beganAt ? -1 : 1))) {
    const { outcome } = spec;
    if (outcome !== "promoted" && outcome !== "rolledBack") continue;
    const kept = metadata.uid === undefined ? undefined : await logs.read(metadata.uid);
    if (kept === undefined || kept.windows.length === 0) continue;
    past.push({ release: kept.release, windows: kept.windows, tolerances: tolerancesOf(spec), outcome });
  }
  return past;
}

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
