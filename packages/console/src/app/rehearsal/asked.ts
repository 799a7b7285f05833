import { defaultTraffic, type Rehearsal, type Traffic } from "@sluice/rehearsal";

/** What the page asks its worker for. */
export interface Asked {
  readonly manifests: string;
  readonly traffic: Traffic;
  /** Where the traffic comes from, in words. */
  readonly learned?: readonly string[];
  /** Releases of each fault. */
  readonly runs: number;
  readonly seed: number;
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
  /** Releases of each bad kind. */
  readonly runs: string;
}

export const usualFields: TrafficFields = { rate: "100", errorsPercent: "0.3", p95: "240", runs: "3" };

/** What of an ordinary day the fields show. */
export function fieldsOf({ requestsPerSecond, errors, p95Ms }: Traffic): Omit<TrafficFields, "runs"> {
  const short = (value: number) => String(Number(value.toPrecision(3)));
  return { rate: short(requestsPerSecond), errorsPercent: short(errors * 100), p95: short(p95Ms) };
}

/** Undefined where a field holds no number that makes sense. What the fields don't show is as on `day`. */
export function trafficOf(
  { rate, errorsPercent, p95, runs }: TrafficFields,
  day: Traffic = defaultTraffic,
): Traffic | undefined {
  const requestsPerSecond = Number(rate);
  const errors = Number(errorsPercent) / 100;
  const p95Ms = Number(p95);
  const isKnown = requestsPerSecond > 0 && requestsPerSecond <= 1e6 && errors >= 0 && errors < 1;
  if (!(Number.isInteger(Number(runs)) && Number(runs) >= 1 && Number(runs) <= 100)) return undefined;
  if (!isKnown || !(p95Ms > 0 && p95Ms <= 600_000)) return undefined;
  // Half of the answers were faster than that when the 95th percentile was another.
  const { p50Ms, ...rest } = day;
  const isSameLatency = p50Ms !== undefined && p95 === fieldsOf(day).p95;
  return { ...rest, requestsPerSecond, errors, p95Ms, ...(isSameLatency ? { p50Ms } : {}) };
}
