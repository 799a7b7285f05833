import type { Rollout } from "@sluice/api";
import type { Reader, TaskState } from "@sluice/kernel";
import { ringSetName } from "./routed-rings.ts";

/** What the task `ringTraffic` answers: requests of users of each ring, by the side that answered them. */
export interface RingTraffic {
  readonly rings: readonly { readonly name: string; readonly canary: number; readonly stable: number }[];
}

export interface RingQuestion {
  /** The weight that it is asked for. */
  readonly weight: number;
  readonly id: string;
  readonly state: TaskState<RingTraffic>;
}

/** Rings take in whom they name, whatever the weight says: what a version really gets is asked for each weight. */
export function readRingTraffic(rollout: Rollout, read: Reader): RingQuestion | undefined {
  const { canary, currentPodHash = "" } = rollout.status ?? {};
  const weight = canary?.weights?.canary.weight ?? 0;
  if (ringSetName(rollout) === undefined || weight === 0) return undefined;
  const id = `rollout/${rollout.metadata.uid}/ring-traffic/${currentPodHash}/${weight}`;
  return { weight, id, state: read.task<RingTraffic>(id) };
}
