import type { JudgementSpec, Rollout } from "@sluice/api";
import { comparedName } from "@sluice/api/release";
import { type Instant, instant } from "@sluice/kernel";
import type { JudgedRelease } from "@sluice/verdict";
import type { VersionNames } from "../model/series.ts";
import type { Objects } from "./control-plane/world.ts";

/** Whatever labels may tell the two versions apart by, and what both share. */
export function namesOf(
  { metadata, spec }: Rollout,
  hashes: { readonly canary: string; readonly stable: string },
  objects: Objects,
): VersionNames {
  const { name, namespace = "default" } = metadata;
  const { canary } = spec.strategy;
  const rule = canary?.trafficRouting?.istio?.destinationRule;
  const of = (hash: string, role: string, service: string | undefined, subset: string | undefined) => [
    hash,
    `${name}-${hash}`,
    `${name}-${hash}-x7k2p`,
    service ?? `\u0000${role}`,
    `${service ?? `\u0000${role}`}.${namespace}.svc.cluster.local`,
    subset ?? role,
    role,
  ];
  const services = [...objects.values()]
    .filter(({ kind }) => kind === "Service")
    .map(({ metadata }) => metadata.name)
    .filter((one) => one !== canary?.canaryService && one !== canary?.stableService);
  return {
    canary: of(hashes.canary, "canary", canary?.canaryService, rule?.canarySubsetName),
    stable: of(hashes.stable, "stable", canary?.stableService, rule?.stableSubsetName),
    shared: [...services, namespace, name, ...services.map((one) => `${one}.${namespace}.svc.cluster.local`)],
  };
}

type Names = NonNullable<JudgedRelease["names"]>;

/** What the judge's sentences call the versions and the time: as in the past release, where one is played again. */
export class JudgedNames {
  readonly #recorded: Names;
  #aheadMillis: number | undefined;

  constructor(recorded: Names = {}) {
    this.#recorded = recorded;
  }

  /** `began`: in virtual time. A release's first Judgement began when the recorded one did. */
  of(spec: JudgementSpec, endpoints: readonly string[], began: Instant): Names {
    const { canary = spec.canary.name, stable = comparedName(spec), beganAt = began } = this.#recorded;
    this.#aheadMillis ??= beganAt - began;
    return { canary, stable, endpoints, beganAt: instant(began + this.#aheadMillis) };
  }
}
