import { type Instant, parseInstant } from "@sluice/kernel";
import type { ReplicaSet } from "../kinds/apps/replica-set.ts";
import type { Rollout } from "../kinds/argo/rollout.ts";

/** What a version is in its release. `previous`: blue-green's, after the switch, while its Pods wait to be wanted again. */
export type VersionRole = "stable" | "canary" | "active" | "preview" | "previous" | "aborted" | "old";

/** Most important first; `old` alone for what plays no part any more. */
export function rolesOf({ spec, status = {} }: Rollout, hash: string, pods = 0): readonly VersionRole[] {
  const isStable = hash !== "" && hash === status.stableRS;
  const isCurrent = hash === status.currentPodHash;
  const isAborted = isCurrent && !isStable && status.abort === true;
  const stable: readonly VersionRole[] = isStable ? ["stable"] : [];
  if (spec.strategy.blueGreen === undefined) {
    if (isStable) return stable;
    return isCurrent ? [isAborted ? "aborted" : "canary"] : ["old"];
  }
  const { activeSelector, previewSelector } = status.blueGreen ?? {};
  if (hash === activeSelector) return ["active", ...stable, ...(isAborted ? (["aborted"] as const) : [])];
  if (isAborted) return ["aborted"];
  if (hash === previewSelector) return ["preview", ...stable];
  if (isCurrent) return ["preview"];
  return pods > 0 ? ["previous", ...stable] : isStable ? stable : ["old"];
}

/** When a version that is kept for a way back, or for a look, loses its Pods. */
export function scaleDownAt({ metadata, spec }: ReplicaSet): Instant | undefined {
  return (spec.replicas ?? 0) === 0 ? undefined : parseInstant(metadata.annotations?.["scale-down-deadline"] ?? "");
}
