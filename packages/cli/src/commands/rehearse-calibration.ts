import { connect } from "../connection.ts";
import { readCalibration } from "../rehearse/calibration/read-calibration.ts";
import { renderCalibration } from "../rehearse/calibration/render-calibration.ts";
import { hasColour } from "../terminal/style.ts";
import type { CommandOptions } from "./options.ts";

/** `sluice rehearse --calibration`: what rehearsals said against what happened, for each real release of a namespace. */
export async function rehearseCalibration(options: CommandOptions): Promise<number> {
  const { client, namespace, state, close } = await connect(options);
  try {
    const calibration = await readCalibration(client, state, namespace);
    console.log(options.json ? JSON.stringify(calibration) : renderCalibration(calibration, hasColour()));
    return 0;
  } finally {
    await close();
  }
}
