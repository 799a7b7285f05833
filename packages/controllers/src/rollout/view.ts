import type { Judgement, LastingVersion, ReplicaSet, RollbackPolicy, Rollout, RolloutStatus } from "@sluice/api";
import type { Millis } from "@sluice/kernel";
import { podHashLabel } from "../version/index.ts";
import { type Progress, progressOf } from "./canary/steps.ts";
import { type Version, versionOf } from "./configuration/version.ts";
import { judgementOf } from "./judging/current.ts";
import { type Holdback, holdbackOf } from "./judging/policy.ts";
import { annotations } from "./names.ts";
import type { ObservedRollout } from "./observe.ts";
import { turnedStatus } from "./routing/sides.ts";

/** What the observed resources mean, worked out once. */
export interface View {
  readonly rollout: Rollout;
  readonly status: RolloutStatus;
  /** The template that its ReplicaSet has, and what else the version is. */
  readonly version: Version;
  /** The current template's version. */
  readonly hash: string;
  readonly canary: ReplicaSet | undefined;
  /** Undefined until something was promoted; the same as `canary` once this version is. */
  readonly stable: ReplicaSet | undefined;
  /** Neither. */
  readonly older: readonly ReplicaSet[];
  readonly revision: number;
  readonly isFullyPromoted: boolean;
  readonly isFirst: boolean;
  readonly progress: Progress;
  /** Percent that routes give this version by our own word, whatever status tells; undefined where none says so. */
  readonly routed?: { readonly least: number; readonly most: number };
  readonly policy: RollbackPolicy | undefined;
  /** What stays with the stable version for a while after the last step. */
  readonly holdback: Holdback | undefined;
  /** How long it may wait for requests; undefined where no EvidencePolicy says. */
  readonly evidencePatience: Millis | undefined;
  /** The version that is wanted, but waits for a person's word; then all of this is about the one that stays meanwhile. */
  readonly waiting?: LastingVersion;
  /** Of this version, while it goes on. */
  readonly judgement: Judgement | undefined;
  /** What it says, where that is acted on. */
  readonly judged: Judgement["status"];
}

export function viewOf(observed: ObservedRollout): View {
  const { rollout, replicaSets, configuration, policies, judgements, evidence } = observed;
  const status = turnedStatus(rollout);
  const version = versionOf(rollout, replicaSets, configuration);
  const { hash, set: canary } = version;
  const stableHash = status.stableRS ?? "";
  const stable = stableHash === "" ? undefined : replicaSets.find((set) => hashOf(set) === stableHash);
  const older = replicaSets.filter((set) => set !== canary && set !== stable);
  // Of several that select it, the first by name.
  const [policy] = policies;
  const highestOther = Math.max(0, ...replicaSets.filter((set) => set !== canary).map(revisionOf));
  const revision = Math.max(highestOther + 1, canary === undefined ? 0 : revisionOf(canary));
  return {
    rollout,
    status,
    version,
    hash,
    canary,
    stable,
    older,
    revision,
    isFullyPromoted: stableHash !== "" && stableHash === hash,
    isFirst: stableHash === "",
    progress: progressOf(rollout),
    policy,
    holdback: holdbackOf(rollout, policy),
    evidencePatience: evidence.askAfter,
    ...judgementOf(judgements, hash, revision),
  };
}

export const hashOf = (set: ReplicaSet): string => set.metadata.labels?.[podHashLabel] ?? "";
export const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.[annotations.revision] ?? 0);
export const wantedOf = (set: ReplicaSet | undefined): number => (set === undefined ? 0 : (set.spec.replicas ?? 1));
export const availableOf = (set: ReplicaSet | undefined): number => set?.status?.availableReplicas ?? 0;
export const deadlineOf = (set: ReplicaSet): string | undefined =>
  set.metadata.annotations?.[annotations.scaleDownDeadline] || undefined;
/** The ReplicaSet's own controller has caught up with what it should be: until then it may count Pods that it is about to take. */
export const isCaughtUp = (set: ReplicaSet): boolean =>
  (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0);
export const isFullyAvailable = (set: ReplicaSet): boolean =>
  wantedOf(set) > 0 && availableOf(set) >= wantedOf(set) && isCaughtUp(set);
