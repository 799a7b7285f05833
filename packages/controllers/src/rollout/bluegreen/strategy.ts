import type { BlueGreenStrategy, Rollout } from "@sluice/api";

/** Undefined: another strategy. */
export const blueGreenOf = ({ spec }: Rollout): BlueGreenStrategy | undefined => spec.strategy.blueGreen;
