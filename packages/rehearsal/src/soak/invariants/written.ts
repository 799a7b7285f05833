import { switchTold } from "./blue-green.ts";
import type { Checks } from "./invariant.ts";
import { hashOf, isLifted, isReady, mayBeAsleep, type Picture, readyOf, shareOf, wereReadyOf } from "./picture.ts";
import { allowedWeight, isAfterLasting } from "./traffic.ts";

/** What leads users somewhere. */
export const leading: ReadonlySet<string> = new Set(["VirtualService", "DestinationRule", "Service"]);

/**
 * The moment in which users are sent elsewhere, with all else as it is stored then: what would become of them if everything
 * stopped here. `looked` is how all stood when it last came to rest: nobody can know of more.
 */
export function checkWritten(now: Picture, before: Picture, looked: Picture | undefined, checks: Checks): void {
  const { rollout, canaryHash, stableHash, weight, activeHash, sum } = now;
  const { spec, status = {}, metadata } = rollout;
  // What a Rollout on its way out owns goes before anybody can know.
  const isLeaving = metadata.deletionTimestamp !== undefined;
  const serves = (picture: Picture, hash: string) => (isLeaving ? wereReadyOf : readyOf)(picture, hash) > 0;
  const isThere = (hash: string) =>
    leadsToOne(now, hash) || serves(now, hash) || (looked !== undefined && serves(looked, hash));
  const isForNone = mayBeAsleep(now, looked);
  const isCondemned = (hash: string) =>
    hash !== status.stableRS &&
    [now, looked].every((picture) =>
      picture?.quarantines.some((one) => !isLifted(one) && one.spec.podTemplateHash === hash),
    );
  const versions = new Set(
    now.pods
      .filter(isReady)
      .map(hashOf)
      .filter((hash) => hash !== ""),
  );
  const isOneOfMany = (hash: string) => hash !== "" || versions.size < 2 || status.stableRS === undefined;
  if (spec.strategy.blueGreen !== undefined) {
    const words = () => `everybody is sent to any of ${[...versions].join(", ")} instead of ${before.activeHash}`;
    checks.holds("weight", isOneOfMany(activeHash) || before.activeHash === "", words);
    if (activeHash === "" || activeHash === before.activeHash || before.activeHash === "") return;
    switchTold(now, before, checks);
    const mayGo = isForNone || isThere(activeHash);
    checks.holds("ready", mayGo, () => `everybody is sent to ${activeHash}, of which no pod is ready`);
    checks.holds(
      "quarantine",
      !isCondemned(activeHash),
      () => `everybody is sent to ${activeHash}, which is quarantined`,
    );
    return;
  }
  if (spec.strategy.canary?.trafficRouting === undefined) return;
  checks.holds("weight", sum === undefined || sum === 100, () => `the shares are ${sum} % together`);
  for (const [share, hash, had] of [
    [weight, canaryHash, before.canaryHash],
    [100 - weight, stableHash, before.stableHash],
  ] as const) {
    const words = () => `${share} % are sent to any of ${[...versions].join(", ")} instead of ${had}`;
    checks.holds("weight", share === 0 || had === "" || isOneOfMany(hash), words);
  }
  if (stableHash !== before.stableHash && before.stableHash !== "" && weight < 100) {
    const words = () =>
      `${100 - weight} % go to ${stableHash} instead of ${before.stableHash}, and no pod of it is ready`;
    checks.holds("ready", isForNone || isThere(stableHash), words);
  }
  const had = shareOf(before, canaryHash);
  if (canaryHash === stableHash) return;
  const isFall = weight < had && before.canaryHash === canaryHash && before.stableHash === stableHash;
  if (isFall && spec.strategy.canary.dynamicStableScale === true && serves(now, canaryHash)) bears(now, looked, checks);
  if (weight <= had) return;
  const mayRise = (isForNone && isAfterLasting(now, canaryHash)) || isThere(canaryHash);
  checks.holds("ready", mayRise, () => `${weight} % given to ${canaryHash}, of which no pod is ready`);
  checks.holds(
    "quarantine",
    !isCondemned(canaryHash),
    () => `${weight} % given to ${canaryHash}, which is quarantined`,
  );
  // What people changed a moment ago isn't known yet.
  const isKnown = status.observedGeneration === String(metadata.generation ?? 0);
  const isAbortKnown = status.abort !== true || status.abortedAt !== undefined;
  const allowed = allowedWeight(rollout);
  checks.holds(
    "weight",
    !isKnown || !isAbortKnown || weight <= allowed || status.currentPodHash !== canaryHash,
    () =>
      `${weight} % are written for ${canaryHash} while step ${status.currentStepIndex} is stored, which allows ${allowed} %`,
  );
}

/** A stable version that was made smaller takes back as much as its Pods were made for, while those of the canary still serve. */
function bears(now: Picture, looked: Picture | undefined, checks: Checks): void {
  const { rollout, stableHash, weight } = now;
  const { replicas = 1, strategy } = rollout.spec;
  // Who is content with fewer Pods has no other choice.
  if (strategy.canary?.replicaProgressThreshold !== undefined) return;
  // What nobody asks for Pods may go anywhere, and who is asked for some again meanwhile doesn't know of it yet.
  if (mayBeAsleep(now, looked)) return;
  const pictures = [now, ...(looked === undefined ? [] : [looked])];
  // While watches are broken all may be at rest, and nobody has heard of a Pod that was taken.
  const told = pictures.flatMap(
    ({ sets }) => sets.find((set) => hashOf(set) === stableHash)?.status?.readyReplicas ?? 0,
  );
  const ready = Math.max(...told, ...pictures.map((picture) => readyOf(picture, stableHash)));
  checks.holds(
    "ready",
    ready * 100 >= (100 - weight) * Math.min(replicas, looked?.rollout.spec.replicas ?? replicas),
    () => `${100 - weight} % given back to ${stableHash}, of which ${ready} of ${replicas} pods are ready`,
  );
}

/** A side that names no version leads to all pods, which is well while they are of one: so a first sync leaves it. */
const leadsToOne = ({ pods }: Picture, hash: string): boolean =>
  hash === "" && new Set(pods.filter(({ metadata }) => metadata.labels?.app === "web").map(hashOf)).size <= 1;
