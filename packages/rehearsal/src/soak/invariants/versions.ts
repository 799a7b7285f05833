import type { Checks } from "./invariant.ts";
import { hashOf, isLifted, isReady, type Picture, readyOf, wantedOf } from "./picture.ts";

/** What was judged bad stays away: no share of a router, no Service, no more pods. */
export function checkQuarantines(now: Picture, before: Picture | undefined, at: number, checks: Checks): void {
  const { rollout, weight, canaryHash, activeHash } = now;
  const { status = {}, spec } = rollout;
  const stable = status.stableRS ?? "";
  for (const quarantine of now.quarantines.filter((one) => !isLifted(one))) {
    const hash = quarantine.spec.podTemplateHash;
    if (stable === hash) continue;
    const has =
      spec.strategy.canary?.trafficRouting !== undefined && canaryHash !== now.stableHash && canaryHash === hash
        ? weight
        : 0;
    const wasKnown = before?.quarantines.some(
      (one) => one.metadata.name === quarantine.metadata.name && !isLifted(one),
    );
    // A stable version that was made smaller takes its traffic back as fast as its pods come. What the bad one got
    // before it was judged may lie between the same two looks.
    const isGoingBack =
      spec.strategy.canary?.dynamicStableScale === true &&
      (wasKnown !== true || (before?.canaryHash === hash && has <= before.weight));
    checks.holds(
      "quarantine",
      has === 0 || isGoingBack,
      () => `${has} % on ${hash}, which is quarantined: ${quarantine.spec.reason}`,
    );
    const leads = canaryHash !== now.stableHash && canaryHash === hash ? now.added : [];
    const words = () => `route ${leads.join(", ")} leads to ${hash}, which is quarantined: ${quarantine.spec.reason}`;
    checks.holds("quarantine", leads.length === 0 || wasKnown !== true, words);
    if (spec.strategy.blueGreen !== undefined) {
      // To a stable version without pods nobody is sent: it would be all errors.
      const isBack = activeHash !== hash || readyOf(now, stable) === 0;
      const words = () => `everybody is on ${hash}, which is quarantined: ${quarantine.spec.reason}`;
      checks.holdsSoon("quarantine", hash, isBack, at, words);
      const cameBack = wasKnown && before?.activeHash !== hash && activeHash === hash;
      checks.holds("quarantine", cameBack !== true, words);
    }
    const wanted = (picture: Picture | undefined) =>
      picture?.sets.filter((set) => hashOf(set) === hash).reduce((sum, set) => sum + wantedOf(set), 0) ?? 0;
    checks.holds(
      "quarantine",
      !wasKnown || wanted(now) <= wanted(before),
      () => `pods of quarantined ${hash} went from ${wanted(before)} to ${wanted(now)}`,
    );
  }
}

/** Endpoints lead to pods that are ready. */
export function checkEndpoints({ slices, pods }: Pick<Picture, "slices" | "pods">, at: number, checks: Checks): void {
  const ready = new Set(pods.filter(isReady).map(({ metadata }) => metadata.name));
  for (const { metadata, endpoints } of slices) {
    for (const { conditions, targetRef } of endpoints ?? []) {
      if (conditions?.ready !== true) continue;
      const name = targetRef?.name ?? "";
      checks.holdsSoon(
        "ready",
        `${metadata.name}/${name}`,
        ready.has(name),
        at,
        () => `an endpoint leads to ${name}, which isn't ready`,
      );
    }
  }
}

/** Aborts and promotions are on record. */
export function checkRecords(now: Picture, before: Picture | undefined, at: number, checks: Checks): void {
  const { status = {} } = now.rollout;
  const tells = (actions: readonly string[], hash: string) =>
    now.decisions.some((decision) => hashOf(decision) === hash && actions.includes(decision.spec.action));
  const hash = status.currentPodHash ?? "";
  if (status.abort === true && status.abortedAt !== undefined) {
    checks.holds("why", tells(["abort", "hold", "refuse"], hash), () => `${hash} is aborted, and no Decision says why`);
  }
  const asked = before?.rollout.status?.notRevertible?.asked?.podTemplateHash;
  if (asked !== undefined && asked !== status.notRevertible?.asked?.podTemplateHash) {
    const about = now.decisions
      .filter(({ spec }) => spec.because.includes(`version ${asked} `))
      .toSorted((one, other) => Number(one.metadata.resourceVersion) - Number(other.metadata.resourceVersion));
    const words = () => `nobody is asked about ${asked} any more, and no Decision says why`;
    checks.holds("why", about.length > 0 && about.at(-1)?.spec.action !== "pause", words);
  }
  const stable = status.stableRS ?? "";
  if (before !== undefined && stable !== "" && stable !== before.rollout.status?.stableRS) {
    checks.holds(
      "why",
      tells(["promote", "complete"], stable),
      () => `${stable} became stable, and no Decision says why`,
    );
  }
  for (const { metadata, spec } of now.quarantines) {
    const isTold = now.decisionNames.has(spec.decision);
    checks.holdsSoon(
      "why",
      `quarantine ${metadata.name}`,
      isTold,
      at,
      () => `Quarantine ${metadata.name} names no Decision`,
    );
  }
}
