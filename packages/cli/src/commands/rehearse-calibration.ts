import { connect } from "../connection.ts";
import { calibrated } from "../rehearse/calibration/calibration.ts";
import { endedReleases } from "../rehearse/calibration/ended-releases.ts";
import { type Prediction, readPredictions } from "../rehearse/calibration/predictions.ts";
import { renderCalibration } from "../rehearse/calibration/render-calibration.ts";
import { hasColour } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

/** `sluice rehearse --calibration`: what rehearsals said against what happened, for each real release of a namespace. */
export async function rehearseCalibration(options: CommandOptions): Promise<number> {
  const { client, namespace, state, close } = await connect(options);
  try {
    const releases = await endedReleases(client, namespace, state.judgements);
    const predictions: Prediction[] = [];
    for (const rollout of new Set(releases.map((release) => release.rollout))) {
      predictions.push(...(await readPredictions(state.rehearsals, namespace, rollout)));
    }
    const calibration = calibrated(releases, predictions);
    console.log(options.json ? JSON.stringify(calibration) : renderCalibration(calibration, hasColour()));
    return 0;
  } finally {
    await close();
  }
}
