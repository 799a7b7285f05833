import { type History, type HistoryPoint, kept, quantileOf, sumOf } from "./history.ts";

export interface Failures {
  /** 0..1 of the requests of ordinary times. */
  readonly share: number;
  readonly notFound: number;
  /** Standard deviation of the log of that share over minutes, beyond chance. */
  readonly wander: number;
  /** How much more unevenly than by chance alone they come; 1 is chance. */
  readonly dispersion: number;
  readonly burstsAnHour: number;
  /** How much a burst of a minute multiplies them. */
  readonly burst: number;
  /** Longer than a burst: outages and bad releases. They are no ordinary times, and nothing is learned from them. */
  readonly incidents: readonly Incident[];
  readonly ordinary: readonly HistoryPoint[];
}

export interface Incident {
  /** Epoch seconds. */
  readonly beganAt: number;
  readonly seconds: number;
}

const burstSeconds = 50;
const longestBurstSeconds = 900;
const most = 20;

/** What fails on ordinary days, what comes in bursts, and what was no ordinary time. */
export function failuresOf({ points, stepSeconds, tellsFailures }: History): Failures | undefined {
  const busy = points.filter(({ requests }) => requests > 0);
  if (!tellsFailures || busy.length === 0) return undefined;
  const shareOf = (some: readonly HistoryPoint[]) =>
    sumOf(some, ({ failures }) => failures) /
    Math.max(
      1,
      sumOf(some, ({ requests }) => requests),
    );
  // Half of all times are ordinary, whatever happened in the rest.
  const middle = quantileOf(
    busy.map((point) => point.failures / point.requests),
    0.5,
  );
  const usual = busy.filter((point) => point.failures <= 3 * middle * point.requests + 5);
  const base = shareOf(usual);
  const runs = runsOf(busy, stepSeconds, ({ requests, failures }) => {
    const expected = base * requests;
    return failures > 2 * expected && failures - expected > 4 * Math.sqrt(expected) + 4;
  });
  const incidents = runs.filter((run) => run.length * stepSeconds > longestBurstSeconds);
  const bursts = runs.filter((run) => run.length * stepSeconds <= longestBurstSeconds);
  const apart = new Set(runs.flat());
  const ordinary = busy.filter((point) => !apart.has(point));
  const share = shareOf(ordinary);
  const hours = (sumOf(bursts, (run) => run.length) + ordinary.length) * (stepSeconds / 3600);
  const count = bursts.length;
  const shed = sumOf(bursts.flat(), ({ failures, requests }) => failures - share * requests);
  const rate = sumOf(ordinary, ({ requests }) => requests) / Math.max(1, ordinary.length * stepSeconds);
  const inBurst = share * rate * burstSeconds * count;
  const { dispersion, wander } = unevenness(ordinary, share, stepSeconds);
  return {
    share,
    notFound: Math.min(
      0.9,
      sumOf(ordinary, (one) => one.notFound) /
        Math.max(
          1,
          sumOf(ordinary, (one) => one.requests),
        ),
    ),
    wander,
    dispersion,
    burstsAnHour: count / Math.max(1e-9, hours),
    burst: inBurst <= 0 ? 1 : Math.min(1 / Math.max(1e-9, share), 1 + shed / inBurst),
    incidents: incidents.map((run) => ({
      beganAt: (run[0]?.endsAt ?? stepSeconds) - stepSeconds,
      seconds: run.length * stepSeconds,
    })),
    ordinary,
  };
}

/** Neighbouring points that are all so. */
function runsOf(
  points: readonly HistoryPoint[],
  stepSeconds: number,
  isSo: (point: HistoryPoint) => boolean,
): readonly (readonly HistoryPoint[])[] {
  const runs: HistoryPoint[][] = [];
  for (const point of points) {
    if (!isSo(point)) continue;
    const last = runs.at(-1);
    const before = last?.at(-1)?.endsAt;
    if (last !== undefined && before !== undefined && point.endsAt - before <= 2 * stepSeconds) last.push(point);
    else runs.push([point]);
  }
  return runs;
}

/** Of Poisson counts the squares are as large as the means; what is beyond that wanders. */
function unevenness(points: readonly HistoryPoint[], share: number, stepSeconds: number) {
  const expected = points.map(({ requests }) => share * requests).filter((mean) => mean >= 1);
  if (expected.length < most) return { dispersion: 1, wander: 0 };
  const means = points.filter(({ requests }) => share * requests >= 1);
  const dispersion =
    sumOf(means, ({ requests, failures }) => (failures - share * requests) ** 2 / (share * requests)) / means.length;
  const beyond = Math.max(0, dispersion - 1) / (sumOf(expected, (mean) => mean) / expected.length);
  return { dispersion, wander: Math.min(1, Math.sqrt(Math.log(1 + beyond / kept(stepSeconds)))) };
}
