import {
  type Destination,
  type RingSet,
  type Rollout,
  type RoutedRings,
  ringsAnnotation,
  routedRingsPrefix,
  type VirtualService,
} from "@sluice/api";
import { canonicalJson } from "@sluice/kernel";
import type { Sides } from "../routing/sides.ts";

/** The RingSet that a Rollout names; undefined where it names none. */
export const ringSetName = ({ metadata }: Rollout): string | undefined =>
  metadata.annotations?.[ringsAnnotation] || undefined;

/**
 * With the Rollout's rings beside its weights, in one object: the router never has one without the other. The same
 * object back where that is so already, or where the RingSet isn't there: then what is known stays.
 */
export function withRings(
  virtualService: VirtualService,
  { rollout, ringSet }: { readonly rollout: Rollout; readonly ringSet: RingSet | undefined },
  sides: Sides,
): VirtualService {
  const key = `${routedRingsPrefix}${rollout.metadata.name}`;
  const { [key]: known, ...others } = virtualService.metadata.annotations ?? {};
  if (ringSetName(rollout) === undefined) {
    return known === undefined ? virtualService : withAnnotations(virtualService, others);
  }
  if (ringSet === undefined) return virtualService;
  const routed: RoutedRings = {
    ...ringSet.spec,
    canary: wordOf(sides.canaryService, sides.canarySubset),
    stable: wordOf(sides.stableService, sides.stableSubset),
  };
  const wanted = canonicalJson(routed);
  return known === wanted ? virtualService : withAnnotations(virtualService, { ...others, [key]: wanted });
}

const withAnnotations = (service: VirtualService, annotations: Readonly<Record<string, string>>): VirtualService => ({
  ...service,
  metadata: { ...service.metadata, annotations },
});

const wordOf = (service: string | undefined, subset: string | undefined): Partial<Destination> =>
  subset === undefined ? { host: service ?? "" } : { subset };
