import type { Resource } from "@sluice/api";
import { Fault, hours, type Millis } from "@sluice/kernel";
import { defaultTraffic, learnTraffic, type Policy, type Traffic } from "@sluice/rehearsal";
import type { HistoryDoor } from "./door.ts";
import { type Found, fetchHistory, look, periodBefore } from "./fetch.ts";
import { scrapeOf } from "./scrape.ts";
import { failuresOfQuery, sourceOfQuery, sourcesOf } from "./sources.ts";

export interface LearnedTraffic {
  /** False where there was too little: then the traffic is the usual one. */
  readonly isLearned: boolean;
  readonly traffic: Traffic;
  /** How often its metrics are scraped; undefined where nothing told, or nobody asked. */
  readonly scrapeMillis?: Millis;
  /** Where from, what was found, what it came to. */
  readonly words: readonly string[];
}

/** Whose users are asked for: a Rollout, and the Services that may lead to it. */
export type ServiceOf = Pick<Policy, "rollout" | "surroundings">;

export interface Wanted {
  readonly now: number;
  readonly length: Millis;
  readonly services?: readonly string[];
  readonly query?: string;
  /** The counter of those that fail, or their rate. */
  readonly queryFailures?: string;
  /** Said already: then it isn't asked for. */
  readonly scrape?: string;
}

/**
 * An ordinary day of a Rollout's service from its metrics. Where they hold too little it is the usual one, and that is
 * said; a Prometheus that was named and doesn't have it is a Fault.
 */
export async function learnedTraffic(door: HistoryDoor, policy: ServiceOf, wanted: Wanted): Promise<LearnedTraffic> {
  const period = periodBefore(wanted.now, wanted.length);
  const namespace = policy.rollout.metadata.namespace ?? "default";
  const services = wanted.services ?? servicesOf(policy);
  const failures = wanted.queryFailures === undefined ? {} : { failures: failuresOfQuery(wanted.queryFailures) };
  const sources = wanted.query === undefined ? sourcesOf({ namespace, services }) : [sourceOfQuery(wanted.query)];
  const looked: Found[] = [];
  for (const source of sources) {
    // What was found first is trusted most; the rest would only cost.
    if (looked.some(({ series }) => series > 0)) break;
    looked.push(await look(door, { ...source, ...failures }, period));
  }
  const found = looked.find(({ series }) => series > 0);
  const absent = looked.filter(({ series }) => series === 0).map(({ source }) => source.requests);
  const notFound = absent.length === 0 ? [] : [`not found: ${absent.join(", ")}`];
  if (found === undefined) {
    const message = `${door.name} has no requests of ${services.join(", ")} in the last ${days(wanted.length)}`;
    if (door.isOwn)
      return { isLearned: false, traffic: defaultTraffic, words: [`${message}: an ordinary day is made up`] };
    throw new Fault(
      "invalid",
      `${message}: ${notFound.join()}. Name the service with --service, or its counter with --query`,
    );
  }
  const { history, missing, latencyWords } = await fetchHistory(door, found);
  if (wanted.queryFailures !== undefined && !history.tellsFailures && missing.length === 0)
    throw new Fault(
      "invalid",
      `--query-failures: ${door.name} has no ${wanted.queryFailures} in the last ${days(wanted.length)}, expected a counter that is there, if only at 0`,
    );
  const learned = learnTraffic(history, defaultTraffic);
  const from = `${door.name}: ${found.source.name}, ${found.source.requests}`;
  const { buckets } = found.source;
  const noBuckets =
    buckets === undefined || history.edgesMs.length > 0
      ? []
      : latencyWords.length > 0
        ? latencyWords
        : [`not found: ${buckets}`];
  const gaps = missing.map((what) => `couldn't be had: ${what}`);
  if (learned.is === "tooLittle") {
    const message = `too little to learn from: ${learned.because}`;
    if (!door.isOwn) throw new Fault("invalid", [`${from}: ${message}`, ...gaps].join("\n"));
    return {
      isLearned: false,
      traffic: defaultTraffic,
      words: [`${from}: ${message}; an ordinary day is made up`, ...gaps],
    };
  }
  const scrape =
    wanted.scrape === undefined ? await scrapeOf(door, found.source, found.period.until) : { words: [] as const };
  return {
    isLearned: true,
    traffic: learned.traffic,
    ...scrape,
    words: [from, ...notFound, ...noBuckets, ...learned.words, ...scrape.words, ...gaps],
  };
}

const days = (length: Millis): string =>
  length < hours(48) ? `${Math.round(length / hours(1))} hours` : `${Math.round(length / hours(24))} days`;

/** Each Service that leads to the Rollout: requests are counted under one of them. */
function servicesOf({ rollout, surroundings }: ServiceOf): readonly string[] {
  const labels = rollout.spec.template?.metadata?.labels ?? {};
  const leads = (object: Resource): boolean => {
    if (object.kind !== "Service") return false;
    const selector = Object.entries((object.spec as { selector?: Record<string, string> }).selector ?? {});
    return selector.length > 0 && selector.every(([name, value]) => labels[name] === value);
  };
  return [...new Set([rollout.metadata.name, ...surroundings.filter(leads).map(({ metadata }) => metadata.name)])];
}
