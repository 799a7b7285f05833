import { type History, type HistoryPoint, kept, spreadOf, sumOf } from "./history.ts";

export interface Load {
  readonly requestsPerSecond: number;
  /** Each hour of the week over the mean, from Monday 0:00 UTC; undefined where less than a day is known. */
  readonly week: readonly number[] | undefined;
  /** What of a week was seen: only its hours, or also its days. */
  readonly shape: "flat" | "day" | "week";
  /** Standard deviation of the log of the load around that shape, without what chance alone brings. */
  readonly wanders: number;
}

const hoursOfWeek = 168;
const hoursOfDay = 24;
/** 1970 began on a Thursday. */
const mondayHours = 72;

export const hourOfWeek = (epochSeconds: number): number =>
  (Math.floor(epochSeconds / 3600) + mondayHours) % hoursOfWeek;

/** How many users come when. Points without any request count: a night may have none. */
export function loadOf({ points, stepSeconds }: History): Load {
  const known = points.length * stepSeconds;
  const shape = known >= 6 * 86_400 ? "week" : known >= 0.9 * 86_400 ? "day" : "flat";
  const mean = sumOf(points, ({ requests }) => requests) / Math.max(1, known);
  const hours = shape === "flat" ? undefined : hourly(points, stepSeconds, shape);
  // Hours that were seen more often than others must not weigh more.
  const level = hours === undefined ? mean : sumOf(hours, (rate) => rate) / hours.length;
  const week = hours?.map((rate) => rate / level);
  const residuals = points.flatMap(({ requests, endsAt }) => {
    const expected = level * (week?.[hourOfWeek(endsAt - stepSeconds / 2)] ?? 1) * stepSeconds;
    return requests > 0 && expected >= 20 ? [{ log: Math.log(requests / expected), chance: 1 / expected }] : [];
  });
  const variance =
    spreadOf(residuals.map(({ log }) => log)) ** 2 -
    sumOf(residuals, ({ chance }) => chance) / Math.max(1, residuals.length);
  return {
    requestsPerSecond: level,
    week,
    shape,
    wanders: Math.min(1, Math.sqrt(Math.max(0, variance) / kept(stepSeconds))),
  };
}

/** Requests a second in each hour of the week; where only days are known, all days are alike. */
function hourly(points: readonly HistoryPoint[], stepSeconds: number, shape: "day" | "week"): readonly number[] {
  const ofWeek = ratesBy(points, stepSeconds, hoursOfWeek);
  const ofDay = ratesBy(points, stepSeconds, hoursOfDay);
  const overall = sumOf(points, ({ requests }) => requests) / (points.length * stepSeconds);
  return Array.from(
    { length: hoursOfWeek },
    (_, hour) => (shape === "week" ? ofWeek[hour] : undefined) ?? ofDay[hour % hoursOfDay] ?? overall,
  );
}

function ratesBy(points: readonly HistoryPoint[], stepSeconds: number, hours: number): readonly (number | undefined)[] {
  const requests = new Array<number>(hours).fill(0);
  const steps = new Array<number>(hours).fill(0);
  for (const point of points) {
    const hour = hourOfWeek(point.endsAt - stepSeconds / 2) % hours;
    requests[hour] = (requests[hour] as number) + point.requests;
    steps[hour] = (steps[hour] as number) + 1;
  }
  return requests.map((count, hour) =>
    steps[hour] === 0 ? undefined : count / ((steps[hour] as number) * stepSeconds),
  );
}

/** What may be said, and more than that nobody sees: nights may have no request at all. */
export const mostSwing = 100;

/** The busiest hour of a mean day over the quietest, at most 100. */
export function dailySwingOf(week: readonly number[]): number {
  const day = Array.from({ length: hoursOfDay }, (_, hour) =>
    sumOf(
      week.filter((_, place) => place % hoursOfDay === hour),
      (factor) => factor,
    ),
  );
  return Math.min(mostSwing, Math.max(...day) / Math.max(1e-9, Math.min(...day)));
}

/** What Saturdays and Sundays have of a weekday. */
export function weekendOf(week: readonly number[]): number {
  const mean = (factors: readonly number[]) => sumOf(factors, (factor) => factor) / factors.length;
  return mean(week.slice(5 * hoursOfDay)) / Math.max(1e-9, mean(week.slice(0, 5 * hoursOfDay)));
}
