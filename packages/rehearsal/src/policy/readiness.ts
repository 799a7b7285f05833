import type { Rollout } from "@sluice/api";
import { type Millis, millis } from "@sluice/kernel";
import type { Readiness } from "../learn/readiness.ts";

/** Pods start in this time unless something is wrong, or it is known otherwise. */
const ordinaryStart = millis(15_000);

/** From its start until a Pod counts, and how that is known. */
export interface KnownReadiness extends PodStart {
  /** What it usually comes to. */
  readonly millis: Millis;
  /** In words, for brackets. */
  readonly from: string;
}

/** How Pods come up: each takes its own time, none is met before its probes ask, and all wait as long after that. */
export interface PodStart {
  /** What they usually take, whatever asks. */
  readonly usual: Millis;
  /** Standard deviation of the log of that between Pods. */
  readonly spread: number;
  /** When their probes ask for the first time. */
  readonly least: Millis;
  /** The minReadySeconds after they were met. */
  readonly further: Millis;
}

/** Of one Pod, whose own time is `deviation` standard deviations from the usual. */
export const startOf = ({ usual, spread, least, further }: PodStart, deviation: number): Millis =>
  millis(Math.max(least, Math.round(usual * Math.exp(spread * deviation))) + further);

/**
 * What somebody said, else what Pods before them took, else the usual. Never before its probes ask for the first time, and
 * with the minReadySeconds after they were met, but where it was said.
 */
export function readinessOf(
  { spec }: Rollout,
  { readyMillis, readiness }: { readonly readyMillis?: number; readonly readiness?: Readiness },
): KnownReadiness {
  if (readyMillis !== undefined) {
    const said = millis(readyMillis);
    return { millis: said, usual: said, spread: 0, least: millis(0), further: millis(0), from: "as said" };
  }
  // Both delays count from the start of the container.
  const asked = (spec.template?.spec?.containers ?? []).flatMap(({ readinessProbe, startupProbe }) =>
    [startupProbe, readinessProbe].map((probe) => 1000 * (probe?.initialDelaySeconds ?? 0)),
  );
  const usual = readiness?.millis ?? ordinaryStart;
  const least = millis(Math.max(0, ...asked));
  const further = millis((spec.minReadySeconds ?? 0) * 1000);
  const base =
    least > usual
      ? "by its probes"
      : readiness === undefined
        ? "assumed"
        : `learned from ${readiness.pods} ${readiness.pods === 1 ? "Pod" : "Pods"}`;
  const start = { usual, spread: readiness?.spread ?? 0, least, further };
  return {
    ...start,
    millis: startOf(start, 0),
    from: further > 0 ? `${base}, with ${further / 1000} s of minReadySeconds` : base,
  };
}
