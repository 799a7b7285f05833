import type { Rollout, Service } from "@sluice/api";
import { withoutManager } from "../marks/index.ts";
import { podHashLabel } from "../version/index.ts";

/** Every Service that a Rollout makes select one version. */
export function servicesOf({ spec }: Rollout): readonly (string | undefined)[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const { pingService, pongService } = canary?.pingPong ?? {};
  const both = [canary?.canaryService, canary?.stableService, pingService, pongService];
  return [...both, blueGreen?.activeService, blueGreen?.previewService];
}

/** Selecting all versions again. */
export function withoutVersion(service: Service): Service {
  const { [podHashLabel]: _, ...selector } = service.spec.selector ?? {};
  return { ...withoutManager(service), spec: { ...service.spec, selector } };
}
