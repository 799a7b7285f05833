import { sameJson } from "@sluice/kernel";
import { defaultTraffic, noises, type Traffic } from "../model/traffic.ts";
import type { ProfileName } from "../policy/profile.ts";
import { invalidAnalysis, notOver } from "../release/outcome.ts";
import type { ProfileResult, Rehearsal, StepView } from "./result.ts";

/** The sentences above the table: what a person would want to know first. */
export function wordsOf(rehearsal: Omit<Rehearsal, "words">): readonly string[] {
  return [
    ...unmeasured(rehearsal),
    ...blindSteps(rehearsal),
    ...noise(rehearsal),
    ...idle(rehearsal),
    ...idleSteps(rehearsal),
    ...waits(rehearsal),
    ...gain(rehearsal),
    ...uncounted(rehearsal),
    ...lowTraffic(rehearsal),
    ...fewRuns(rehearsal),
  ];
}

function unmeasured({ hasAnalyses, profiles }: Omit<Rehearsal, "words">): readonly string[] {
  return hasAnalyses || profiles.argo === undefined
    ? []
    : ["No analysis measures the new version: as Argo Rollouts only a person or the progress deadline stops it."];
}

/** Whose eyes there are: without an analysis there is nothing that Argo Rollouts could see with. */
const seeing = ({ hasAnalyses }: Omit<Rehearsal, "words">): readonly ProfileName[] =>
  hasAnalyses ? ["argo", "sluice"] : ["sluice"];

/** "At 12 requests a second its 2-minute step at 5 % sees 72 canary requests: …" */
function blindSteps(rehearsal: Omit<Rehearsal, "words">): readonly string[] {
  const { steps, traffic, profiles } = rehearsal;
  const step = steps.find(({ canaryRequests }) => canaryRequests !== undefined);
  if (step?.seconds === undefined) return [];
  const which = step.isUntilPerson
    ? `step at ${shareOf(step)}, until a person answers after ${span(step.seconds)},`
    : `${long(step.seconds)} step at ${shareOf(step)}`;
  const seen = `At ${amount(traffic.requestsPerSecond)} requests a second your ${which} sees ${amount(step.canaryRequests ?? 0)} canary requests`;
  // Who stops good releases as well sees nothing; that is said for itself.
  const able = seeing(rehearsal).filter((profile) => stoppedGood(profiles[profile]) < 0.5);
  return able.flatMap((profile, place) => {
    const last = steps.at(-1)?.smallest[profile];
    const here = step.smallest[profile];
    const who = profile === "argo" ? "your analyses" : "Sluice";
    const lead = place === 0 ? `${seen}: ` : "";
    if (last === undefined)
      return [`${lead}${article(lead)} regression of 50 points or less stays invisible to ${who} before full traffic.`];
    if (here !== undefined && here <= last)
      return [`${lead}${who} ${profile === "argo" ? "see" : "sees"} a ${points(here)} regression from there on.`];
    const later = steps.find((one: StepView) => one.smallest[profile] === last);
    return [
      `${lead}${article(lead)} ${points(last)} regression stays invisible to ${who} until ${later === undefined ? percent(1) : shareOf(later)}.`,
    ];
  });
}

function noise({ profiles: { argo, sluice } }: Omit<Rehearsal, "words">): readonly string[] {
  const words = Object.entries(argo?.good.rules ?? {}).map(([rule, count]) => {
    const share = count / Math.max(1, argo?.good.runs ?? 1);
    if (rule === notOver)
      return `A good release isn't over after two weeks: what comes after that of its plan wasn't rehearsed.`;
    if (rule.startsWith(invalidAnalysis))
      return `${rule}: it can't be run, and ${percent(share)} of good releases end with it.`;
    if (share >= 0.9) {
      return `${rule} stops ${percent(share)} of good releases: it can't tell them from bad ones. Is it measured before the new version has traffic (initialDelay), or does it ask for what isn't there?`;
    }
    return `${rule} fires on noise: it stops ${percent(share)} of good releases, so what it catches below is partly luck.`;
  });
  const ours = Object.entries(sluice?.good.rules ?? {})
    .filter(([rule]) => argo?.good.rules[rule] === undefined)
    .map(([rule, count]) => [rule, count / Math.max(1, sluice?.good.runs ?? 1)] as const)
    .map(([rule, share]) => `As Sluice ${percent(share)} of good releases are stopped as well, by ${rule}.`);
  return [...words, ...ours];
}

const stoppedGood = (result: ProfileResult | undefined): number =>
  (result?.good.falseAborts ?? 0) + (result?.good.asked ?? 0);

const idle = ({ idleRules }: Omit<Rehearsal, "words">): readonly string[] =>
  idleRules.length === 0 ? [] : [`Decides nothing here: ${idleRules.join(", ")} stopped no release, good or bad.`];

/** Steps at which nothing of any size is found that the one before let through: their time buys nothing, where they have any. */
function idleSteps(rehearsal: Omit<Rehearsal, "words">): readonly string[] {
  const { steps, profiles } = rehearsal;
  return seeing(rehearsal).flatMap((profile) => {
    const idle = steps.filter(({ seconds, caught }) => seconds !== undefined && caught[profile] === 0);
    if (profiles[profile] === undefined || idle.length === 0) return [];
    const lasts = idle.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
    const which = idle.map(shareOf).join(", ");
    const who = profile === "argo" ? "your analyses stop" : "Sluice stops";
    return [
      `The ${idle.length === 1 ? "step" : "steps"} at ${which} (${span(lasts)}) decide${idle.length === 1 ? "s" : ""} nothing: ${who} no release there, good or bad.`,
    ];
  });
}

function waits({ profiles }: Omit<Rehearsal, "words">): readonly string[] {
  const good = profiles.argo?.good;
  if (good === undefined || good.waitedSeconds === 0 || good.rules[notOver] !== undefined) return [];
  return [`A good release takes ${span(good.seconds)}; ${span(good.waitedSeconds)} of it is waiting for people.`];
}

function gain({ profiles, hasAnalyses }: Omit<Rehearsal, "words">): readonly string[] {
  const { argo, sluice } = profiles;
  if (argo === undefined || sluice === undefined || stoppedGood(sluice) >= 0.5) return [];
  const missed = argo.faults.filter(({ isHarmful, caught, fault }) => {
    const other = sluice.faults.find((one) => one.fault === fault);
    return isHarmful && caught < 0.5 && (other?.caught ?? 0) >= 0.5;
  });
  return missed.length === 0
    ? []
    : [
        `Sluice catches ${missed.length} that ${hasAnalyses ? "these analyses miss" : "nothing else here would"}: ${missed.map(({ fault }) => fault).join(", ")}.`,
      ];
}

/** Without counters by version the judge doesn't hear of conversions, however many are lost. */
function uncounted({ profiles: { sluice }, countsConversions }: Omit<Rehearsal, "words">): readonly string[] {
  const lost = sluice?.faults.find(({ fault }) => fault === "lost conversions");
  return countsConversions || lost === undefined || lost.caught > 0.5
    ? []
    : [
        "Nobody counts conversions by version, so lost ones go unseen: conversions of a RollbackPolicy shows them to Sluice.",
      ];
}

function lowTraffic({ steps, longerFirst, hasAnalyses }: Omit<Rehearsal, "words">): readonly string[] {
  const first = steps[0];
  if (first?.canaryRequests === undefined || longerFirst === undefined) return [];
  const { seconds, smallest } = longerFirst;
  const seen = (profile: ProfileName) => {
    const least = smallest?.[profile];
    return least === undefined ? "nothing" : `a ${points(least)} regression`;
  };
  const time =
    smallest === undefined
      ? `Enough would take ${span(seconds)} there: too long for most.`
      : smallest.sluice === undefined && smallest.argo === undefined
        ? `With ${span(seconds)} there nobody sees anything by its end either: that was rehearsed.`
        : `With ${span(seconds)} there Sluice sees ${seen("sluice")} by its end${hasAnalyses ? `, your analyses ${seen("argo")}` : ""}: that was rehearsed.`;
  return [
    `Low traffic: ${amount(first.canaryRequests)} canary requests in the first step decide little. ${time}`,
    `Without waiting for users: an EvidencePolicy in the same files. Its syntheticChecks ask the new version's pods themselves, and minimumRequests with askAfter asks a person where too few came in that time.`,
  ];
}

/** Half of so few is luck as much as sight. */
const tellingReleases = 5;

function fewRuns({ steps, releasesOfEachSize: count }: Omit<Rehearsal, "words">): readonly string[] {
  if (steps.length === 0 || count >= tellingReleases) return [];
  const releases = count === 1 ? "one release" : `${count} releases`;
  return [
    `What each step sees rests on ${releases} of each size: where that is near to what can be seen at all, another seed may say otherwise. --runs ${2 * tellingReleases} and more tell.`,
  ];
}

/** A sentence of its own begins with a capital. */
const article = (lead: string): string => (lead === "" ? "A" : "a");

const points = (errors: number): string => `${Math.round(errors * 1000) / 10}-point`;
export const percent = (share: number): string =>
  `${share > 0 && share < 0.0995 ? Math.round(share * 1000) / 10 : Math.round(share * 100)} %`;
/** The users and the platform that it was rehearsed with. */
export function premiseOf({ traffic, podsReadySeconds, podsReadyFrom, seed }: Omit<Rehearsal, "words">): string {
  const ready = podsReadySeconds < 10 ? tenths(podsReadySeconds) : span(podsReadySeconds);
  return [
    `${amount(traffic.requestsPerSecond)} requests/s`,
    `${percent(traffic.errors)} errors`,
    `p95 ${amount(traffic.p95Ms)} ms`,
    ...unusual(traffic),
    `Pods ready after ${ready} (${podsReadyFrom})`,
    `seed ${seed}`,
  ].join(", ");
}

/** What was said of the day beyond its rate, errors and latency. */
function unusual({ week, dailySwing, noise, conversions }: Traffic): readonly string[] {
  const named = Object.entries(noises).find(([, each]) => sameJson(each, noise))?.[0];
  return [
    ...(week === undefined && dailySwing !== 1 ? [`busiest hour ${amount(dailySwing)} times the quietest`] : []),
    ...(named === undefined || named === "normal" ? [] : [`${named} noise`]),
    ...(conversions === defaultTraffic.conversions ? [] : [`${percent(conversions)} conversions`]),
  ];
}

const tenths = (seconds: number): string => `${Math.round(seconds * 10) / 10} s`;

/** Where Pods make up the share the plan's own number is told beside it. */
export const shareOf = ({ weight, setWeight }: Pick<StepView, "weight" | "setWeight">): string =>
  Math.abs(weight - setWeight / 100) < 0.005 ? percent(weight) : `${percent(weight)} (setWeight: ${setWeight})`;
export const amount = (value: number): string =>
  Math.abs(value) < 10 && !Number.isInteger(value)
    ? Math.abs(value) < 0.1
      ? String(Number(value.toPrecision(1)))
      : value.toFixed(1)
    : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");

/** Before a noun: "2-minute". */
function long(seconds: number): string {
  const [, number = "", unit = ""] = /^(\S+) (\S+)$/.exec(span(seconds)) ?? [];
  return `${number}-${{ s: "second", min: "minute", h: "hour" }[unit] ?? unit}`;
}

export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}
