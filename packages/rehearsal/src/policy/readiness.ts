import type { Rollout } from "@sluice/api";
import { type Millis, millis } from "@sluice/kernel";
import type { Readiness } from "../learn/readiness.ts";

/** Pods start in this time unless something is wrong, or it is known otherwise. */
export const ordinaryStart = millis(15_000);

/** From its start until a Pod counts, and how that is known. */
export interface KnownReadiness {
  readonly millis: Millis;
  /** Standard deviation of its log between Pods. */
  readonly spread: number;
  /** In words, for brackets. */
  readonly from: string;
}

/**
 * What somebody said, else what Pods before them took, else the usual. Never before its probes ask for the first time, and
 * with the minReadySeconds after they were met, but where it was said.
 */
export function readinessOf(
  { spec }: Rollout,
  { readyMillis, readiness }: { readonly readyMillis?: number; readonly readiness?: Readiness },
): KnownReadiness {
  if (readyMillis !== undefined) return { millis: millis(readyMillis), spread: 0, from: "as said" };
  const asked = (spec.template?.spec?.containers ?? []).map(
    ({ readinessProbe, startupProbe }) =>
      1000 * ((startupProbe?.initialDelaySeconds ?? 0) + (readinessProbe?.initialDelaySeconds ?? 0)),
  );
  const usual = readiness?.millis ?? ordinaryStart;
  const least = Math.max(0, ...asked);
  const further = (spec.minReadySeconds ?? 0) * 1000;
  const manifests = [
    ...(least > usual ? ["by its probes"] : []),
    ...(further > 0 ? [`with ${further / 1000} s of minReadySeconds`] : []),
  ];
  const base =
    least > usual
      ? []
      : [
          readiness === undefined
            ? "assumed"
            : `learned from ${readiness.pods} ${readiness.pods === 1 ? "Pod" : "Pods"}`,
        ];
  return {
    millis: millis(Math.max(usual, least) + further),
    spread: readiness?.spread ?? 0,
    from: [...base, ...manifests].join(", "),
  };
}
