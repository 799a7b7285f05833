import type { Client } from "@sluice/api";
import type { StateFolder } from "../../state/state-folder.ts";
import { type Calibration, calibrated } from "./calibration.ts";
import { endedReleases } from "./ended-releases.ts";
import { type Prediction, readPredictions } from "./predictions.ts";

/** What rehearsals said against what happened, for each real release of a namespace. */
export async function readCalibration(
  client: Client,
  state: Pick<StateFolder, "judgements" | "rehearsals">,
  namespace: string,
): Promise<Calibration> {
  const releases = await endedReleases(client, namespace, state.judgements);
  const predictions: Prediction[] = [];
  for (const rollout of new Set(releases.map((release) => release.rollout))) {
    predictions.push(...(await readPredictions(state.rehearsals, namespace, rollout)));
  }
  return calibrated(releases, predictions);
}
