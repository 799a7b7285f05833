import type { ReplicaSet, Rollout } from "@sluice/api";
import { podHashLabel } from "../../version/index.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { canaryOf } from "../canary/steps.ts";
import { notedMetadata } from "./noted.ts";

/** What Pods wear while their version is on its way, and once it is promoted. */
export function metadataOf(rollout: Rollout) {
  const blueGreen = blueGreenOf(rollout);
  const { canaryMetadata, stableMetadata } = canaryOf(rollout);
  return {
    incoming: (blueGreen === undefined ? canaryMetadata : blueGreen.previewMetadata) ?? {},
    promoted: (blueGreen === undefined ? stableMetadata : blueGreen.activeMetadata) ?? {},
  };
}

/** Versions whose Pods wear something, or did: then those Pods are read. */
export const dressed = (rollout: Rollout, replicaSets: readonly ReplicaSet[]): readonly string[] => {
  const { incoming, promoted } = metadataOf(rollout);
  const isWished = !isNothing(incoming) || !isNothing(promoted);
  const current = [rollout.status?.stableRS, rollout.status?.currentPodHash];
  return replicaSets
    .filter((set) => {
      const noted = notedMetadata(set);
      if (current.includes(hashOf(set))) return isWished || noted !== undefined;
      return noted !== undefined && !isNothing(noted) && set.spec.replicas !== 0;
    })
    .map(hashOf);
};

const hashOf = ({ metadata }: ReplicaSet): string => metadata.labels?.[podHashLabel] ?? "";

export const isNothing = ({
  labels = {},
  annotations = {},
}: {
  readonly labels?: object;
  readonly annotations?: object;
}) => Object.keys(labels).length === 0 && Object.keys(annotations).length === 0;
