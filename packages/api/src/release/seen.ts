import type { Rollout, RolloutStatus } from "../kinds/argo/rollout.ts";

/** What of a release's place somebody saw before they asked for something. */
export type SeenField = keyof Pick<
  RolloutStatus,
  "currentPodHash" | "currentStepIndex" | "stableRS" | "abort" | "pauseConditions"
>;

/** Tests of a JSON patch: the release is still where it was seen, or nothing is changed. */
export function stillSeen({ status = {} }: Rollout, fields: readonly SeenField[]): readonly object[] {
  return fields.flatMap((field) =>
    status[field] === undefined ? [] : [{ op: "test", path: `/status/${field}`, value: status[field] }],
  );
}
