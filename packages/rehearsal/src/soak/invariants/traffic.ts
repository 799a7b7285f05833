import type { Decision, ReplicaSet, Rollout } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { switched } from "./blue-green.ts";
import type { Checks } from "./invariant.ts";
import {
  addedTo,
  destinationsOf,
  hashOf,
  mayBeAsleep,
  ownerOf,
  type Picture,
  type Remains,
  readyOf,
  shareOf,
  toldOf,
  wantedOf,
  wereReadyOf,
} from "./picture.ts";

/** What a version may have by its Rollout's status, and how many Decisions its rises have used up. */
interface Grant {
  readonly hash: string;
  readonly weight: number;
  readonly told: number;
}

/** The percent that a Rollout's status allows to its newest version. */
export function allowedWeight({ spec, status = {} }: Rollout): number {
  const steps = spec.strategy.canary?.steps ?? [];
  const { abort, currentStepIndex = 0 } = status;
  if (abort === true && status.promoteFull !== true) return 0;
  // Whoever asks whether it goes on in spite of a verdict leaves all where it is.
  const isStopped = status.pauseConditions?.some(({ reason }) => reason === "NotRevertible") === true;
  if (isStopped && status.notRevertible?.stoppedFor !== undefined) return status.canary?.weights?.canary.weight ?? 0;
  if (steps.length === 0 || currentStepIndex >= steps.length || status.promoteFull === true) return 100;
  return steps.slice(0, currentStepIndex + 1).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

/**
 * Once something that can't be undone was let in, requests don't fall back to code from before it, be it that version or a
 * later one that they get, until one of them is stable.
 */
export function isAfterLasting({ rollout: { status = {} }, sets }: Picture, hash: string): boolean {
  const { accepted } = status.notRevertible ?? {};
  if (accepted === undefined || accepted.isWayBack === true) return false;
  const revisionOf = (of: string) =>
    Number(sets.find((set) => hashOf(set) === of)?.metadata.annotations?.["rollout.argoproj.io/revision"] ?? 0);
  const { podTemplateHash: first } = accepted;
  return (
    [status.currentPodHash, first].includes(hash) || (revisionOf(first) > 0 && revisionOf(hash) > revisionOf(first))
  );
}

const raising: ReadonlySet<string> = new Set(["begin", "advance", "promote", "retry", "lift", "resume", "rollback"]);

/**
 * What a version on its way was allowed a moment ago counts where somebody edits meanwhile. One that came and saw its steps
 * change between two looks began by those of then.
 */
function allowedLately({ rollout }: Picture, before: Picture | undefined): number {
  const allowed = allowedWeight(rollout);
  if (before === undefined || before.rollout.metadata.generation === rollout.metadata.generation) return allowed;
  const { status = {} } = before.rollout;
  const known = status.currentPodHash === rollout.status?.currentPodHash ? status : {};
  const isOnItsWay = status.stableRS !== known.currentPodHash;
  return Math.max(allowed, isOnItsWay ? allowedWeight({ ...before.rollout, status: known }) : 0);
}

/** The most that any step allowed that a version was at since. */
function passedWeight({ rollout: { status } }: Picture, { rollout }: Picture): number {
  const { currentPodHash, currentStepIndex: to = 0 } = rollout.status ?? {};
  const from = status?.currentPodHash === currentPodHash ? (status?.currentStepIndex ?? 0) : 0;
  const indices = Array.from({ length: Math.max(0, to - from) }, (_, passed) => from + passed);
  return Math.max(
    0,
    ...indices.map((currentStepIndex) =>
      allowedWeight({ ...rollout, status: { ...rollout.status, currentStepIndex } }),
    ),
  );
}

/** Who gets traffic, whether they may have it, and whether that was told. */
export class TrafficWatch {
  #grant: Grant = { hash: "", weight: 0, told: 0 };
  /** Where it was, and how many steps were told to be over by then. */
  #place = { version: "", index: 0, told: 0 };
  /** The last Decision that skipped all steps, which it does once. */
  #skipped = "";
  /** Told when its version last had traffic. */
  #toldWhileServing = 0;

  /** `before`: this Rollout as it was; `remains`: what was there, be it another's. */
  look(now: Picture, before: Picture | undefined, remains: Remains | undefined, at: number, checks: Checks): void {
    const { rollout } = now;
    const { strategy } = rollout.spec;
    if (strategy.canary !== undefined) {
      this.#grants(now, checks);
      this.#steps(now, before, at, checks);
    }
    if (strategy.blueGreen !== undefined) switched(now, before, checks);
    else if (strategy.canary?.trafficRouting !== undefined) {
      this.#routed(now, before, remains, at, checks);
      addedRoutes(now, at, checks);
      besides(now, before, at, checks);
    } else sized(now, before, remains, checks);
  }

  /** Every rise of what it may have is told, whatever it already has. */
  #grants(now: Picture, checks: Checks): void {
    const { rollout } = now;
    const { status = {}, metadata } = rollout;
    const hash = status.currentPodHash ?? "";
    // Steps or a template that nobody took up yet allow nothing; an abort takes nothing that a person withdraws before that.
    const isAbortSeen = status.abort !== true || status.abortedAt !== undefined;
    if (status.observedGeneration !== String(metadata.generation ?? 0) || status.promoteFull === true || !isAbortSeen)
      return;
    const told = now.decisions.filter((one) => hashOf(one) === hash && raising.has(one.spec.action)).length;
    const weight = allowedWeight(rollout);
    const known = this.#grant.hash === hash ? this.#grant : { hash, weight: 0, told: 0 };
    if (weight > known.weight) {
      checks.holds(
        "why",
        told > known.told,
        () => `${hash} may have ${weight} %, not ${known.weight} % as before, and no Decision says why`,
      );
    }
    this.#grant = { hash, weight, told: weight > known.weight ? known.told + 1 : known.told };
  }

  /** Every step that is left behind is told, also where a person went past it. */
  #steps(now: Picture, before: Picture | undefined, at: number, checks: Checks): void {
    const { status = {} } = now.rollout;
    const { currentPodHash: hash = "", currentStepHash = "", currentStepIndex: index = 0 } = status;
    const version = `${hash} ${currentStepHash}`;
    const toldIn = (picture: Picture | undefined) =>
      picture?.decisions.filter((one) => hashOf(one) === hash && one.spec.action === "advance").length ?? 0;
    const told = toldIn(now);
    const known = this.#place;
    const isOnItsWay = status.promoteFull !== true && status.stableRS !== hash;
    // A Decision is written before the status that it is about: one may be ahead.
    if (!isOnItsWay || known.version !== version || index < known.index) {
      const skip = isOnItsWay && index >= stepsOf(now) ? skipOf(now, hash) : undefined;
      const isSkipped = skip !== undefined && skip.metadata.name !== this.#skipped;
      this.#place = { version, index: isOnItsWay && !isSkipped ? 0 : index, told: toldIn(before) };
      if (isSkipped) this.#skipped = skip.metadata.name;
    }
    if (!isOnItsWay || index <= this.#place.index) return;
    const { index: from, told: toldThen } = this.#place;
    const isTold = told - toldThen >= index - from;
    checks.holdsSoon(
      "why",
      `steps of ${version} from ${from}`,
      isTold,
      at,
      () => `${hash} went from step ${from} to ${index}, and ${told - toldThen} Decisions say so`,
    );
    if (isTold) this.#place = { version, index, told: toldThen + index - from };
  }

  #routed(now: Picture, before: Picture | undefined, remains: Remains | undefined, at: number, checks: Checks): void {
    const { rollout, weight, canaryHash } = now;
    const { status = {}, spec, metadata } = rollout;
    reachesStable(now, at, checks);
    if (canaryHash === now.stableHash) return;
    // What stood there before this Rollout did nobody gave it.
    const isSame = remains?.canaryHash === canaryHash;
    const had = remains === undefined ? 0 : shareOf(remains, canaryHash);
    const isRise = weight > had;
    if (status.observedGeneration === String(metadata.generation ?? 0)) {
      const allowed = allowedWeight(rollout);
      const words = () => `${weight} % on ${canaryHash} at step ${status.currentStepIndex}, which allows ${allowed} %`;
      // A stable version that was made smaller takes traffic back as fast as its pods come. The rise and the abort that
      // follows it may lie between two looks.
      const isAbortedNow = status.abort === true && !(isSame && before?.rollout.status?.abort === true);
      // So may a rise and a later step that asks for less.
      const isFall = before !== undefined && weight <= passedWeight(before, now);
      const mayStay = spec.strategy.canary?.dynamicStableScale === true && (!isRise || isAbortedNow || isFall);
      checks.holdsSoon("weight", "", weight <= allowed || mayStay, at, words);
      checks.holds("weight", !isRise || mayStay || weight <= allowedLately(now, before), words);
    }
    const isLasting = isAfterLasting(now, canaryHash);
    checks.holdsSoon(
      "ready",
      `version ${canaryHash}`,
      weight === 0 || isLasting || readyOf(now, canaryHash) > 0,
      at,
      () => `${weight} % on ${canaryHash}, of which no pod is ready`,
    );
    // The Pods of a Rollout on its way out go between two looks.
    const isLeaving = metadata.deletionTimestamp !== undefined;
    checks.holds(
      "ready",
      !isRise || (isLeaving ? wereReadyOf : readyOf)(now, canaryHash) > 0 || (isLasting && mayBeAsleep(now, before)),
      () => `${weight} % given to ${canaryHash}, of which no pod is ready`,
    );
    const wasHeld = spec.paused === true && before?.rollout.spec.paused === true && isSame;
    const step = spec.strategy.canary?.steps?.[status.currentStepIndex ?? 0];
    checks.holds(
      "weight",
      !(wasHeld && isRise && step?.setWeight === weight && had > 0),
      () => `a Rollout held still went from ${had} to ${weight} %`,
    );
    const told = toldOf(now, canaryHash);
    if (isSame && before !== undefined) keeps(now, before, had, checks);
    if (weight > 0) this.#toldWhileServing = told;
    else if (had > 0 && status.currentPodHash === canaryHash && spec.paused !== true && this.#grant.weight > 0) {
      const toldBefore = this.#toldWhileServing;
      checks.holdsSoon(
        "why",
        `emptied ${canaryHash}`,
        told > toldBefore,
        at,
        () => `${canaryHash} lost its ${had} %, and no Decision says why`,
      );
    }
  }
}

/** Nobody is left with a version that has no Pod where the stable one has: so a promotion without Pods might leave them. */
function reachesStable(now: Picture, at: number, checks: Checks): void {
  const { rollout, stableHash, weight } = now;
  const { stableRS = "" } = rollout.status ?? {};
  // Pods of others have no version either.
  if (stableHash === "" || stableRS === "") return;
  const isReached = weight === 100 || readyOf(now, stableHash) > 0 || readyOf(now, stableRS) === 0;
  const words = () => `${100 - weight} % go to ${stableHash}, of which no pod is ready, and ${stableRS} has some`;
  const newsTakesAtMost = 1000 * (1 + (rollout.spec.minReadySeconds ?? 0));
  checks.holdsSoon("ready", `stable ${stableHash}`, isReached, at, words, newsTakesAtMost);
}

/** What a version has of what its steps allow it keeps while its Pods come and go, until a Decision says otherwise. */
function keeps(now: Picture, before: Picture, had: number, checks: Checks): void {
  const { rollout, weight, canaryHash } = now;
  const isKnown = [now, before].every(
    ({ rollout: { metadata, status } }) =>
      status?.observedGeneration === String(metadata.generation ?? 0) && status.currentPodHash === canaryHash,
  );
  // Where steps ask for none of its Pods it loses all by and by, which is told once.
  if (!isKnown || weight === 0 || weight >= had || rollout.status?.abort === true || asksForNone(rollout)) return;
  // A policy may hold back so much.
  const due = Math.min(had, allowedWeight(rollout), 95);
  checks.holds(
    "why",
    weight >= due || toldOf(now, canaryHash) > toldOf(before, canaryHash),
    () => `${canaryHash} has ${weight} % left of ${had} %, and no Decision says why`,
  );
}

function asksForNone({ spec, status }: Rollout): boolean {
  const steps = (spec.strategy.canary?.steps ?? []).slice(0, (status?.currentStepIndex ?? 0) + 1);
  const scale = steps.findLast(({ setCanaryScale }) => setCanaryScale !== undefined)?.setCanaryScale;
  return scale?.replicas === 0 || scale?.weight === 0;
}

const stepsOf = ({ rollout }: Picture): number => rollout.spec.strategy.canary?.steps?.length ?? 0;

/** Back to what was stable lately, or is: all steps are skipped, and one Decision says so. */
function skipOf({ decisions }: Picture, hash: string): Decision | undefined {
  const last = decisions
    .filter((one) => hashOf(one) === hash && ["begin", "rollback"].includes(one.spec.action))
    .toSorted((one, other) => Number(one.metadata.resourceVersion) - Number(other.metadata.resourceVersion))
    .at(-1);
  return last?.spec.action === "rollback" ? last : undefined;
}

/** Steps give some users, or copies of requests, to a version whatever its weight is. */
function addedRoutes(now: Picture, at: number, checks: Checks): void {
  const { rollout, added, canaryHash } = now;
  const { spec, status = {} } = rollout;
  const { abort, promoteFull, currentStepIndex: index = 0, stableRS, currentPodHash } = status;
  const steps = spec.strategy.canary?.steps ?? [];
  const isOnItsWay = abort !== true && promoteFull !== true && stableRS !== currentPodHash && index < steps.length;
  for (const name of added) {
    const last = steps
      .slice(0, index + 1)
      .findLast((step) => (step.setHeaderRoute ?? step.setMirrorRoute)?.name === name);
    const isSet = ((last?.setHeaderRoute ?? last?.setMirrorRoute)?.match?.length ?? 0) > 0;
    const words = () => `route ${name} leads to ${canaryHash} at step ${index}, which allows none`;
    checks.holdsSoon("weight", `route ${name}`, isOnItsWay && isSet, at, words);
    checks.holdsSoon(
      "ready",
      `route ${name}`,
      readyOf(now, canaryHash) > 0,
      at,
      () => `route ${name} leads to ${canaryHash}, of which no pod is ready`,
    );
  }
}

/** What each version of an experiment may have by the step that the release is at. */
function experimented({ rollout: { spec, status = {} } }: Picture): number {
  const { experiment } = spec.strategy.canary?.steps?.[status.currentStepIndex ?? 0] ?? {};
  return Math.max(0, ...(experiment?.templates ?? []).map(({ weight = 0 }) => weight));
}

/** What an experiment's versions and a fresh baseline get. */
function besides(now: Picture, before: Picture | undefined, at: number, checks: Checks): void {
  const { beside, weight, sum, route } = now;
  for (const other of now.routes) {
    const isSame =
      route !== undefined &&
      sameJson(destinationsOf(other), destinationsOf(route)) &&
      sameJson(addedTo(other), addedTo(route));
    const words = () => `VirtualService ${other.metadata.name} leads users otherwise than ${route?.metadata.name}`;
    checks.holdsSoon("agrees", `route ${other.metadata.name}`, isSame, at, words);
  }
  checks.holds("weight", sum === undefined || sum === 100, () => `the shares are ${sum} % together`);
  for (const { service, hash, weight: share, isBaseline } of beside) {
    const had = before?.beside.find((one) => one.service === service)?.weight ?? 0;
    const allowed = isBaseline ? weight : Math.max(experimented(now), before === undefined ? 0 : experimented(before));
    checks.holds(
      "weight",
      share <= had || share <= allowed,
      () =>
        `${service} is given ${share} %, and ${isBaseline ? "what it is compared with has" : "its step"} ${allowed} %`,
    );
    checks.holds(
      "ready",
      share <= had || readyOf(now, hash) > 0,
      () => `${share} % given to ${service}, of which no pod is ready`,
    );
    checks.holdsSoon(
      "ready",
      `share ${service}`,
      share === 0 || readyOf(now, hash) > 0,
      at,
      () => `${share} % on ${service}, of which no pod is ready`,
    );
  }
}

/** Pods are the weight: a version never gets more of them than its step is worth. */
function sized(now: Picture, before: Picture | undefined, remains: Remains | undefined, checks: Checks): void {
  const { rollout, sets } = now;
  const { status = {}, spec } = rollout;
  const hash = status.currentPodHash ?? "";
  const stable = status.stableRS ?? "";
  if (stable === "" || stable === hash || status.observedGeneration !== String(rollout.metadata.generation ?? 0))
    return;
  // What was there before this Rollout is nobody's rise.
  const isCounted = (set: ReplicaSet) => hashOf(set) === hash && ["Rollout", ""].includes(ownerOf(set));
  const wanted = (picture: Remains | undefined) =>
    picture?.sets.filter(isCounted).reduce((sum, set) => sum + wantedOf(set), 0) ?? 0;
  const allowed = allowedLately(now, before);
  // One surplus pod comes nearer to a weight where surge allows it; a weight above nothing is at least a pod.
  const most = allowed === 0 ? 0 : Math.max(1, Math.ceil((((spec.replicas ?? 1) + 1) * allowed) / 100));
  const [had, has] = [wanted(remains), wanted(now)];
  // The rise and the abort that follows it may lie between two looks.
  const isAbortedNow = status.abort === true && before?.rollout.status?.abort !== true;
  checks.holds(
    "weight",
    isAbortedNow || has <= had || has <= most,
    () => `${hash} went from ${had} to ${has} pods of ${sets.length} sets at ${allowed} %, which is ${most} at most`,
  );
}
