import { formatInstant, instant } from "@sluice/kernel";
import type { Counts } from "./scans/count-sums.ts";
import type { Names } from "./windows/window.ts";

/** What one signal says, strongest first in a verdict. */
export type Evidence = {
  /** Log of the evidence after paying for every look. */
  readonly nats: number;
  /** Seconds since the release began, from when on the canary was worse. */
  readonly since: number;
} & (
  | { readonly signal: "failures"; readonly counts: Counts }
  | { readonly signal: "slow requests"; readonly counts: Counts }
  | { readonly signal: "conversions"; readonly counts: Counts }
  | { readonly signal: "failures of an endpoint"; readonly endpoint: number; readonly counts: Counts }
  /** 1.5: half again as slow, on average. */
  | { readonly signal: "latency"; readonly slower: number }
  /** A share of the stable version's memory in an hour. */
  | { readonly signal: "memory"; readonly growthAnHour: number }
  | { readonly signal: "restarts"; readonly restarts: number }
);

export interface NamedEvidence {
  readonly signal: Evidence["signal"];
  readonly nats: number;
  readonly since: number;
  readonly endpoint?: string;
}

/** Without its counts, and with the endpoint's name in place of its number. */
export const namedEvidence = (evidence: readonly Evidence[], endpoints: readonly string[]): readonly NamedEvidence[] =>
  evidence.map((one) => {
    const { signal, nats, since } = one;
    const endpoint = one.signal === "failures of an endpoint" ? endpoints[one.endpoint] : undefined;
    return { signal, nats, since, ...(endpoint === undefined ? {} : { endpoint }) };
  });

export interface Told {
  readonly action: "continue" | "monitor" | "alert" | "rollback";
  readonly strongest: Evidence | undefined;
  /**
   * What a rollback rests on: evidence that suffices by itself, what was learned, or that waiting refuted nothing. Of a
   * release that goes on: whether it would have been ended but for what was learned.
   */
  readonly grounds: "proof" | "learned" | "waited";
  /** Enough evidence to not raise the weight by, if there still were time to wait. */
  readonly isSuspicious: boolean;
  /** Seconds since the release began; undefined while nothing hits both versions. */
  readonly sharedSince: number | undefined;
  /** Of the canary, that could be compared. */
  readonly requests: number;
  /** Requests of one of its Pods over those of one of the stable version. */
  readonly podLoad: number;
  /** The same over those of one that has its part of all traffic, as without a release. */
  readonly usualPodLoad: number;
  readonly hasControl: boolean;
}

const doubted = "as good ones went like this, more is asked for";
/** From here on its Pods may be too few, whatever the version. */
const crowded = 1.5;

/** Says a verdict to a person: what is worse, by how much, since when, and what doesn't explain it. */
export function sentence(
  { action, grounds, strongest, isSuspicious, sharedSince, requests, podLoad, usualPodLoad, hasControl }: Told,
  names: Names = {},
): string {
  const isQuiet = strongest === undefined || (grounds !== "learned" && !(isSuspicious && hasControl));
  if (action === "continue" && isQuiet) {
    if (!hasControl) return "nothing is left to compare with: the new version has all traffic";
    if (requests === 0) return "no requests to compare yet";
    return `no harm beyond the tolerances is seen over ${counted(requests, "request")}`;
  }
  const told = strongest === undefined ? "" : describe(strongest, names);
  const shared = sharedSince === undefined ? "" : `, or the shared trouble since ${timeOf(sharedSince, names)}`;
  switch (action) {
    case "rollback":
      if (grounds === "learned") {
        return `${told}; not proven by this alone, but releases that went like this harmed their users`;
      }
      if (grounds === "waited") {
        return `${told}; it was waited for as long as may be, nothing refuted it, and after the next step nothing is left to compare with`;
      }
      if (Math.min(podLoad, usualPodLoad) >= crowded) {
        const times = `${podLoad.toFixed(1)} times the requests of one of ${names.stable ?? "the stable version"}`;
        return `${told}; not explained by noise or a cold start${shared}, but each of its Pods got ${times}: were there too few?`;
      }
      return `${told}; not explained by noise, a cold start or load${shared}`;
    case "monitor":
      if (grounds === "learned") return `${told}; ${doubted}, so the weight isn't raised`;
      return `${told}; not yet proven, so the weight isn't raised`;
    case "alert":
      return `${told}; a person has to look`;
    case "continue":
      return `${told}; ${grounds === "learned" ? doubted : "not proven"}`;
  }
}

function describe(evidence: Evidence, names: Names): string {
  const canary = names.canary ?? "the new version";
  const stable = names.stable ?? "the stable version";
  const since = `since ${timeOf(evidence.since, names)}`;
  switch (evidence.signal) {
    case "failures":
    case "failures of an endpoint": {
      const { events, exposure, controlEvents, controlExposure } = evidence.counts;
      const index = evidence.signal === "failures" ? undefined : evidence.endpoint;
      const what =
        index === undefined ? "requests fail" : `${names.endpoints?.[index] ?? `endpoint ${index + 1}`} fails`;
      const rates = `${share(events, exposure)} on ${canary} against ${share(controlEvents, controlExposure)} on ${stable}`;
      return `${what} ${rates} over ${counted(exposure, "request")} ${since}`;
    }
    case "slow requests": {
      const { events, exposure, controlEvents, controlExposure } = evidence.counts;
      const rates = `${share(events, exposure)} on ${canary} against ${share(controlEvents, controlExposure)} on ${stable}`;
      return `requests are slow ${rates} over ${counted(exposure, "request")} ${since}`;
    }
    case "conversions": {
      // The search counts conversions that the stable version has in excess.
      const { events, exposure, controlEvents, controlExposure } = evidence.counts;
      const rates = `${share(controlEvents, controlExposure)} on ${canary} against ${share(events, exposure)} on ${stable}`;
      return `users convert ${rates} over ${counted(controlExposure, "exposure")} ${since}`;
    }
    case "latency":
      return `${canary} is ${((evidence.slower - 1) * 100).toFixed(0)} % slower than ${stable} ${since}`;
    case "memory":
      return `memory of ${canary} grows by ${(evidence.growthAnHour * 100).toFixed(0)} % an hour and doesn't come to rest`;
    case "restarts":
      return `pods of ${canary} restarted ${counted(evidence.restarts, "time")} ${since}`;
  }
}

const share = (events: number, exposure: number): string =>
  exposure > 0 ? `${Number(((100 * events) / exposure).toPrecision(2))} %` : "0 %";

const number = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");

const counted = (count: number, one: string): string => `${number(count)} ${one}${Math.round(count) === 1 ? "" : "s"}`;

function timeOf(since: number, { beganAt }: Names): string {
  if (beganAt !== undefined) return formatInstant(instant(beganAt + since * 1000)).slice(11, 16);
  return since < 90 ? "the start" : `minute ${Math.round(since / 60)}`;
}
