import { defaultTraffic, noises, type Readiness, type Rehearsal, type Traffic } from "@sluice/rehearsal";

/** What the page asks its worker for. */
export interface Asked {
  readonly manifests: string;
  readonly traffic: Traffic;
  /** Where the traffic comes from, in words. */
  readonly learned?: readonly string[];
  /** Releases of each fault. */
  readonly runs: number;
  readonly seed: number;
  /** How long somebody takes who is asked. */
  readonly personMillis: number;
  /** How long nobody notices what no rule caught. */
  readonly noticeMillis: number;
  /** How long a Pod takes to be ready, where somebody said. */
  readonly readyMillis?: number;
  /** What Pods before these took, where that is known. */
  readonly readiness?: Readiness;
}

/** What the worker says, in order. */
export type Said =
  | { readonly is: "progress"; readonly done: number; readonly all: number }
  | {
      readonly is: "rehearsed";
      readonly rehearsals: readonly Rehearsal[];
      /** Rollouts that a store would refuse, and why. */
      readonly refused: readonly string[];
    }
  | { readonly is: "refused"; readonly message: string };

/** As it stands in the fields. */
export interface TrafficFields {
  readonly rate: string;
  readonly errorsPercent: string;
  readonly p95: string;
  /** The busiest hour of a day over the quietest. */
  readonly dailySwing: string;
  readonly conversionsPercent: string;
  /** Seconds; empty where it is as learned, as the manifests say, or as usual. */
  readonly ready: string;
  /** Minutes that somebody takes who is asked. */
  readonly person: string;
  /** Minutes for which nobody notices what no rule caught. */
  readonly notice: string;
  /** Releases of each bad kind. */
  readonly runs: string;
  readonly seed: string;
  /** One of `noises`, or `learned`. */
  readonly noise: string;
}

export const usualFields: TrafficFields = {
  rate: "100",
  errorsPercent: "0.3",
  p95: "240",
  dailySwing: "1",
  conversionsPercent: "3",
  ready: "",
  person: "10",
  notice: "60",
  runs: "3",
  seed: "1",
  noise: "normal",
};

export interface NumberField {
  readonly field: Exclude<keyof TrafficFields, "noise">;
  readonly label: string;
  /** What is right, in words. */
  readonly expected: string;
  readonly isRight: (value: number) => boolean;
  readonly mayBeEmpty?: boolean;
}

const weekHours = 168;

/** In the order in which they stand, with the limits of the command's options. */
export const numberFields: readonly NumberField[] = [
  {
    field: "rate",
    label: "Requests a second",
    expected: "above 0, at most 1,000,000",
    isRight: (value) => value > 0 && value <= 1e6,
  },
  {
    field: "errorsPercent",
    label: "Errors of an ordinary day, %",
    expected: "from 0 to below 100",
    isRight: (value) => value >= 0 && value < 100,
  },
  {
    field: "p95",
    label: "p95, ms",
    expected: "above 0, at most 600,000",
    isRight: (value) => value > 0 && value <= 600_000,
  },
  {
    field: "dailySwing",
    label: "Busiest hour over quietest",
    expected: "from 1 to 100",
    isRight: (value) => value >= 1 && value <= 100,
  },
  {
    field: "conversionsPercent",
    label: "Requests that convert, %",
    expected: "from 0 to below 100",
    isRight: (value) => value >= 0 && value < 100,
  },
  {
    field: "ready",
    label: "Pods ready after, s",
    expected: "above 0, at most a week, or nothing",
    isRight: (value) => value > 0 && value <= weekHours * 3600,
    mayBeEmpty: true,
  },
  {
    field: "person",
    label: "A person takes, min",
    expected: "above 0, at most a week",
    isRight: (value) => value > 0 && value <= weekHours * 60,
  },
  {
    field: "notice",
    label: "Unnoticed for, min",
    expected: "above 0, at most a week",
    isRight: (value) => value > 0 && value <= weekHours * 60,
  },
  {
    field: "runs",
    label: "Releases of each bad kind",
    expected: "a whole number from 1 to 100",
    isRight: (value) => Number.isInteger(value) && value >= 1 && value <= 100,
  },
  {
    field: "seed",
    label: "Seed",
    expected: "a whole number from 1 to 100,000",
    isRight: (value) => Number.isInteger(value) && value >= 1 && value <= 100_000,
  },
];

/** Undefined where the field is right. */
export function problemOf({ field, expected, isRight, mayBeEmpty }: NumberField, fields: TrafficFields) {
  const text = fields[field].trim();
  const isFine = text === "" ? mayBeEmpty === true : isRight(Number(text));
  return isFine ? undefined : `expected ${expected}`;
}

/** What of an ordinary day the fields show. */
export function fieldsOf({ requestsPerSecond, errors, p95Ms, dailySwing, conversions }: Traffic) {
  const short = (value: number) => String(Number(value.toPrecision(3)));
  return {
    rate: short(requestsPerSecond),
    errorsPercent: short(errors * 100),
    p95: short(p95Ms),
    dailySwing: short(dailySwing),
    conversionsPercent: short(conversions * 100),
    noise: "learned",
  };
}

/** Undefined where a field holds no number that makes sense. What the fields don't show is as on `day`. */
export function trafficOf(fields: TrafficFields, day: Traffic = defaultTraffic): Traffic | undefined {
  if (numberFields.some((each) => problemOf(each, fields) !== undefined)) return undefined;
  const { rate, errorsPercent, p95, dailySwing, conversionsPercent, noise } = fields;
  // Half of the answers were faster than that when the 95th percentile was another, and a week has its own swing.
  const { p50Ms, week, ...rest } = day;
  const shown = fieldsOf(day);
  const isSameLatency = p50Ms !== undefined && p95 === shown.p95;
  const isSameSwing = week !== undefined && dailySwing === shown.dailySwing;
  return {
    ...rest,
    requestsPerSecond: Number(rate),
    errors: Number(errorsPercent) / 100,
    p95Ms: Number(p95),
    dailySwing: isSameSwing ? day.dailySwing : Number(dailySwing),
    conversions: Number(conversionsPercent) / 100,
    noise: isNoise(noise) ? noises[noise] : day.noise,
    ...(isSameLatency ? { p50Ms } : {}),
    ...(isSameSwing ? { week } : {}),
  };
}

const isNoise = (name: string): name is keyof typeof noises => Object.hasOwn(noises, name);

/** What the fields say beside the traffic. */
export function releasesOf({ runs, seed, ready, person, notice }: TrafficFields, readiness: Readiness | undefined) {
  return {
    runs: Number(runs),
    seed: Number(seed),
    personMillis: Number(person) * 60_000,
    noticeMillis: Number(notice) * 60_000,
    ...(ready.trim() === "" ? {} : { readyMillis: Number(ready) * 1000 }),
    ...(readiness === undefined ? {} : { readiness }),
  };
}
