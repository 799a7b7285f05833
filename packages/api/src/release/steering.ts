import type { Patch } from "../contract/client.ts";
import type { Rollout, RolloutStatus } from "../kinds/argo/rollout.ts";
import { type SeenField, stillSeen } from "./seen.ts";

/** On a Rollout: a person says that the version on its way is bad, and why. */
export const badAnnotation = "sluice.dev/bad";

interface JsonPatch {
  readonly patch: Extract<Patch, { type: "json" }>;
  readonly subresource?: "status";
}

/** Where a release is among its steps. */
export const placeFields: readonly SeenField[] = ["currentPodHash", "currentStepIndex", "pauseConditions"];

/** Only while it is where the asker saw it: what was meant for one pause must not end the next. */
export const statusPatch = (
  rollout: Rollout,
  seen: readonly SeenField[],
  changes: Pick<RolloutStatus, "abort" | "promoteFull" | "controllerPause" | "currentStepIndex"> & {
    /** A pause ends. */
    readonly pauseConditions?: "none";
  },
): JsonPatch => ({
  patch: {
    type: "json",
    operations: [...stillSeen(rollout, seen), ...Object.entries(changes).flatMap(changed(rollout))],
  },
  subresource: "status",
});

const changed =
  ({ status = {} }: Rollout) =>
  ([field, value]: [string, unknown]): readonly object[] => {
    const path = `/status/${field}`;
    if (value !== "none") return [{ op: "add", path, value }];
    return status[field as keyof RolloutStatus] === undefined ? [] : [{ op: "remove", path }];
  };

/** For after the status: refused there, nothing is changed at all. */
export function unpausedPatches(rollout: Rollout): readonly JsonPatch[] {
  if (rollout.spec.paused !== true) return [];
  const operations = [
    ...stillSeen(rollout, ["currentPodHash"]),
    { op: "test", path: "/spec/paused", value: true },
    { op: "replace", path: "/spec/paused", value: false },
  ];
  return [{ patch: { type: "json", operations } }];
}

/** The version on its way is called bad, and no other. */
export function blamePatch(rollout: Rollout, why: string): JsonPatch {
  const change =
    rollout.metadata.annotations === undefined
      ? { op: "add", path: "/metadata/annotations", value: { [badAnnotation]: why } }
      : { op: "add", path: `/metadata/annotations/${badAnnotation.replace("/", "~1")}`, value: why };
  return { patch: { type: "json", operations: [...stillSeen(rollout, ["currentPodHash"]), change] } };
}
