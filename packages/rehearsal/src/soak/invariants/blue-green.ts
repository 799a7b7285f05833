import type { AnalysisRun, Resource } from "@sluice/api";
import { activeServiceName } from "../manifests/release.ts";
import type { Checks } from "./invariant.ts";
import { hashOf, isRestarting, mayBeAsleep, type Picture, readyOf, wereReadyOf } from "./picture.ts";

/** Everybody goes to another version at once: it is there, and somebody said so. */
export function switched(now: Picture, before: Picture | undefined, checks: Checks): void {
  const { activeHash } = now;
  if (before === undefined || activeHash === "" || activeHash === before.activeHash) return;
  // The Pods of a Rollout on its way out go between two looks.
  const isLeaving = now.rollout.metadata.deletionTimestamp !== undefined;
  const isThere = (isLeaving ? wereReadyOf : readyOf)(now, activeHash) > 0;
  // The way to the stable version waits for no restart, which may take its only Pod between two looks.
  const isRestarted = isRestarting(now) && now.rollout.status?.stableRS === activeHash;
  const words = () => `everybody is sent to ${activeHash}, of which no pod is ready`;
  checks.holds("ready", isThere || isRestarted || mayBeAsleep(now, before), words);
  checks.holds(
    "weight",
    !(
      now.rollout.spec.paused === true &&
      before.rollout.spec.paused === true &&
      before.activeHash !== "" &&
      now.rollout.status?.stableRS !== activeHash
    ),
    () => `a Rollout held still sends everybody to ${activeHash}`,
  );
  mayHaveAll(now, before, checks);
}

/** Where a person is to say it, or an analysis is to be good, nobody goes there before that. */
function mayHaveAll({ rollout, activeHash, decisions, runs }: Picture, before: Picture, checks: Checks): void {
  const { stableRS: stable = "" } = before.rollout.status ?? {};
  const isNew = stable !== "" && stable !== activeHash && before.activeHash !== "";
  const of = decisions.filter((one) => hashOf(one) === activeHash);
  const isAsked = of.some(({ spec }) => spec.by === "a person");
  // What was promoted once, and is still there or was stable lately, goes straight back.
  const wasPromoted = before.sets.some(
    ({ metadata }) => metadata.labels?.[hashLabel] === activeHash && metadata.annotations?.[promotedAt] !== undefined,
  );
  if (!isNew || isAsked || wasPromoted) return;
  const both = [rollout, before.rollout].map(({ spec }) => spec.strategy.blueGreen);
  const isPersons = both.every((strategy) => strategy?.autoPromotionEnabled === false);
  checks.holds("weight", !isPersons, () => `everybody is sent to ${activeHash}, and no person said so`);
  const isMeasured = both.every((strategy) => strategy?.prePromotionAnalysis !== undefined);
  // Checks of our own stand in for an analysis that was answered, and with nothing.
  const areOursGood = of.some(({ spec }) =>
    spec.evidence?.some(({ name, verdict }) => name.startsWith("synthetic check ") && verdict === "Successful"),
  );
  const isGood = runs
    .filter((run) => hashOf(run) === activeHash)
    .some((run) => isPassed(run.status?.phase) || (areOursGood && sawNothing(run)));
  checks.holds("weight", !isMeasured || isGood, () => `everybody is sent to ${activeHash}, and no analysis was good`);
}

/**
 * As the switch is written, its Decision is there already, and is its own: no step on the way to it, nor an earlier switch to the
 * same version, tells of this one.
 */
export function switchTold(now: Picture, before: Picture, checks: Checks): void {
  const { activeHash, rollout, decisions } = now;
  const { currentPodHash, abort } = rollout.status ?? {};
  // Who is taken back to is told of with whoever is taken back.
  if (activeHash !== currentPodHash || abort === true) return;
  const since = writtenAt(before.services.find(({ metadata }) => metadata.name === activeServiceName));
  const isTold = decisions.some(
    (one) =>
      hashOf(one) === activeHash &&
      one.spec.action === "advance" &&
      !one.spec.because.startsWith(previewGrows) &&
      writtenAt(one) > since,
  );
  checks.holds("why", isTold, () => `everybody is sent to ${activeHash}, and no Decision says so`);
}

const writtenAt = (one: Resource | undefined): number => Number(one?.metadata.resourceVersion ?? 0);
const previewGrows = "the preview was good enough";

/** What nobody could measure passes where an EvidencePolicy says so. */
const isPassed = (phase: string | undefined): boolean => phase === "Successful" || phase === "Inconclusive";
const sawNothing = ({ status }: AnalysisRun): boolean => {
  const measurements = (status?.metricResults ?? []).flatMap((result) => result.measurements ?? []);
  return status?.phase === "Error" && measurements.length > 0 && measurements.every(({ value }) => value === "[]");
};
const hashLabel = "rollouts-pod-template-hash";
const promotedAt = "sluice.dev/promoted-at";
