import type { BlueGreenDeployment } from "./blue-green.ts";

/** Asked for and not ended yet. */
export const isUnderWay = ({ spec, status }: BlueGreenDeployment): boolean =>
  status?.release !== spec.release || !ends.has(status.phase ?? "Preparing");

const ends: ReadonlySet<string> = new Set(["Succeeded", "Failed", "Aborted"]);
