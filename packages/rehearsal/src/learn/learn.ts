import { formatInstant, instant } from "@sluice/kernel";
import type { Traffic } from "../model/traffic.ts";
import { amount, percent, span } from "../report/findings.ts";
import { type Failures, failuresOf } from "./failures.ts";
import { type History, sumOf } from "./history.ts";
import { type Latency, latencyOf } from "./latency.ts";
import { dailySwingOf, type Load, loadOf, mostSwing, weekendOf } from "./load.ts";

export type Learned =
  | { readonly is: "learned"; readonly traffic: Traffic; readonly words: readonly string[] }
  | { readonly is: "tooLittle"; readonly because: string };

const leastSeconds = 3600;
const leastRequests = 1000;

/**
 * An ordinary day from weeks of metrics: how many come when, what fails, how long it takes, and how much of that is noise.
 * Bad releases are never learned: there are too few, and they differ. What isn't known stays as in `usual`.
 */
export function learnTraffic(history: History, usual: Traffic): Learned {
  const { points, stepSeconds } = history;
  const known = points.length * stepSeconds;
  const requests = sumOf(points, (point) => point.requests);
  if (known < leastSeconds || requests < leastRequests) {
    // What began since the last step isn't counted yet.
    const there =
      known < leastSeconds
        ? `it goes back ${span(known)}`
        : `${amount(Math.floor(requests))} requests in ${span(known)}`;
    return {
      is: "tooLittle",
      because: `${there}, expected at least ${span(leastSeconds)} and ${amount(leastRequests)} requests`,
    };
  }
  const load = loadOf(history);
  const failures = failuresOf(history);
  const latency = latencyOf(history, failures?.ordinary ?? points);
  const { p50Ms: _p50, week: _week, ...rest } = usual;
  const traffic: Traffic = {
    ...rest,
    requestsPerSecond: load.requestsPerSecond,
    ...(load.week === undefined ? {} : { week: load.week, dailySwing: dailySwingOf(load.week) }),
    ...(failures === undefined ? {} : { errors: Math.min(0.5, failures.share), notFound: failures.notFound }),
    ...(latency === undefined ? {} : { p95Ms: latency.p95Ms, p50Ms: latency.p50Ms }),
    noise: {
      ...usual.noise,
      load: load.wanders,
      ...(failures === undefined
        ? {}
        : { burstsAnHour: failures.burstsAnHour, burst: failures.burst, failures: failures.wander }),
      ...(latency === undefined ? {} : { latency: latency.wanders }),
    },
  };
  return {
    is: "learned",
    traffic,
    words: [
      ...loadWords(load, history, usual),
      ...failureWords(failures, usual),
      ...latencyWords(latency, history, usual),
    ],
  };
}

const day = (epochSeconds: number): string =>
  formatInstant(instant(epochSeconds * 1000))
    .slice(0, 16)
    .replace("T", " ");
const tenths = (value: number): string => String(Math.round(value * 10) / 10);

function loadWords(
  { requestsPerSecond, week, shape, wanders }: Load,
  { points, stepSeconds }: History,
  usual: Traffic,
): readonly string[] {
  const first = (points[0]?.endsAt ?? 0) - stepSeconds;
  const last = points.at(-1)?.endsAt ?? 0;
  const there = (points.length * stepSeconds) / Math.max(1, last - first);
  const gaps = there < 0.995 ? `, ${percent(there)} of that time` : "";
  const swing =
    week === undefined
      ? `too short for the swing of a day: ${usual.dailySwing === 1 ? "none" : `${tenths(usual.dailySwing)} times`} as usual, unless you say`
      : `its busiest hour of a day has ${dailySwingOf(week) === mostSwing ? "at least " : ""}${tenths(dailySwingOf(week))} times the quietest`;
  const days =
    week !== undefined && shape === "week"
      ? `, Saturday and Sunday ${percent(weekendOf(week))} of a weekday`
      : shape === "day"
        ? ", all days alike, since it is too short for those of a week"
        : "";
  return [
    `seen from ${day(first)} to ${day(last)} UTC${gaps}`,
    `${amount(requestsPerSecond)} requests a second on average; ${swing}${days}; around that it wanders by ${percent(wanders)}`,
  ];
}

function failureWords(failures: Failures | undefined, usual: Traffic): readonly string[] {
  if (failures === undefined)
    return [
      `nothing tells what fails, no label such as code or status: ${percent(usual.errors)} as usual, unless you say`,
    ];
  const { share, dispersion, burstsAnHour, burst, incidents } = failures;
  const uneven =
    dispersion < 1.2
      ? "as evenly as chance brings them"
      : `${tenths(dispersion)} times as unevenly as chance brings them`;
  const bursts =
    burstsAnHour === 0
      ? "without bursts"
      : `with a burst each ${span(3600 / burstsAnHour)} of about ${amount(burst)} times as many`;
  const longest = incidents.toSorted((one, other) => other.seconds - one.seconds)[0];
  const together = span(sumOf(incidents, ({ seconds }) => seconds));
  return [
    `${share > 0 && share < 0.0005 ? `${Math.round(share * 1e6) / 1e4} %` : percent(share)} fail, ${uneven}, ${bursts}`,
    ...(longest === undefined
      ? []
      : [
          `left out, since that was no ordinary time: ${incidents.length === 1 ? "an incident" : `${incidents.length} incidents`} of ${together}${incidents.length === 1 ? "" : " together"}, the longest from ${day(longest.beganAt)} for ${span(longest.seconds)}`,
        ]),
  ];
}

function latencyWords(latency: Latency | undefined, { points, edgesMs }: History, usual: Traffic): readonly string[] {
  if (latency === undefined) {
    const isTold = points.some(
      ({ latencyCounts, quantilesMs }) =>
        quantilesMs !== undefined || (edgesMs.length > 0 && latencyCounts.some((count) => count > 0)),
    );
    const why = isTold
      ? "too few requests to tell how long answers take"
      : "nothing tells how long answers take, no histogram";
    return [`${why}: p95 ${amount(usual.p95Ms)} ms as usual, unless you say`];
  }
  const { p50Ms, p95Ms, p99Ms, wanders, isOpen } = latency;
  const highest = p99Ms === undefined ? "" : `, 99 % within ${amount(p99Ms)} ms`;
  const open = isOpen ? "; over 5 % are in the histogram's open bucket, so these are too short" : "";
  return [
    `half are answered within ${amount(p50Ms)} ms, 95 % within ${amount(p95Ms)} ms${highest}; the 95th percentile wanders by ${percent(wanders)}${open}`,
  ];
}
