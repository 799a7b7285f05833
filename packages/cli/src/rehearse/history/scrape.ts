import { type Instant, instant, type Millis, millis, minutes, seconds, toFault } from "@sluice/kernel";
import { formatPrometheusDuration } from "@sluice/languages";
import { eachLabel, type MatrixSeries } from "@sluice/metrics";
import type { HistoryDoor } from "./door.ts";
import type { HistorySource } from "./sources.ts";

/** How often a service's metrics are scraped; undefined where nothing told. */
export interface LearnedScrape {
  readonly scrapeMillis?: Millis;
  readonly words: readonly string[];
}

/** Of what is scraped each five minutes three samples lie in it, and a Prometheus forgets what is scraped more seldom. */
const lookedBack = minutes(15);
const samplesMin = 3;

/**
 * How far apart the samples of what counts a service's requests lie, by one of its series: what a server says of its own targets
 * isn't told by one that others write to.
 */
export async function scrapeOf(door: HistoryDoor, source: HistorySource, until: Instant): Promise<LearnedScrape> {
  // Sluice's own are of each second, and a rate has none.
  if (door.isOwn || source.isRate === true) return { words: [] };
  try {
    const [most] = await door.range(`topk(1, ${source.requests})`, { start: until, end: until, step: lookedBack });
    const selector = most === undefined ? "" : selectorOf(most);
    if (selector === "") return { words: [] };
    const period = { start: instant(until - lookedBack), end: until, step: seconds(1) };
    const [seen] = await door.range(`timestamp({${selector}})`, period);
    const apart = spacingOf(seen?.values ?? []);
    if (apart === undefined) return { words: [] };
    return {
      scrapeMillis: apart,
      words: [`scraped each ${formatPrometheusDuration(apart)}: so far apart are its samples`],
    };
  } catch (thrown) {
    const why = toFault(thrown).message;
    return { words: [`couldn't be had: how often ${source.requests} is scraped: ${why}`] };
  }
}

const selectorOf = ({ labels }: MatrixSeries): string =>
  [...eachLabel(labels)].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",");

/** Of times in seconds, each as often as it was seen: the usual distance, since one may be missing. */
function spacingOf(times: Iterable<number>): Millis | undefined {
  const distinct = [...new Set(times)].sort((one, other) => one - other);
  if (distinct.length < samplesMin) return undefined;
  const gaps = distinct.slice(1).map((time, place) => time - (distinct[place] ?? time));
  gaps.sort((one, other) => one - other);
  return millis(1000 * Math.max(1, Math.round(gaps[gaps.length >> 1] ?? 1)));
}
