import type { Rollout } from "@sluice/api";
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
