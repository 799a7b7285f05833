import type { Rollout } from "@sluice/api";
import { type Millis, millis } from "@sluice/kernel";

/** Pods start in this time unless something is wrong, or the manifests say that it takes longer. */
export const ordinaryStart = millis(15_000);

/** From its start until a Pod counts: not before its probes ask for the first time, and minReadySeconds after they were met. */
export function readyMillisOf({ spec }: Rollout): Millis {
  const asked = (spec.template?.spec?.containers ?? []).map(
    ({ readinessProbe, startupProbe }) =>
      (startupProbe?.initialDelaySeconds ?? 0) + (readinessProbe?.initialDelaySeconds ?? 0),
  );
  return millis(
    Math.max(ordinaryStart, ...asked.map((seconds) => seconds * 1000)) + (spec.minReadySeconds ?? 0) * 1000,
  );
}
