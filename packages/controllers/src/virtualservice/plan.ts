import { routedRingsPrefix, type VirtualService } from "@sluice/api";
import type { Plan } from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";
import { type Claim, withClaims, withoutAdded } from "../marks/index.ts";

export interface ObservedRoutes {
  readonly virtualService: VirtualService;
  readonly claims: readonly (Claim & { readonly isAlive: boolean })[];
}

/** What steps of a Rollout that is gone added goes: nobody serves there any more. Weights stay, for whoever comes. */
export function plan({ virtualService, claims }: ObservedRoutes): Plan<StoreAction, never> {
  const dead = claims.filter(({ isAlive }) => !isAlive);
  if (dead.length === 0) return { actions: [], because: "whoever weighs it is there" };
  const living = claims.filter(({ isAlive }) => isAlive);
  const kept = living.flatMap(({ added }) => added);
  const added = dead.flatMap((claim) => claim.added).filter((name) => !kept.includes(name));
  const rings = dead.map(({ rollout }) => `${routedRingsPrefix}${rollout.slice(rollout.indexOf("/") + 1)}`);
  const object = withoutRings(withClaims(withoutAdded(virtualService, added), living), rings);
  const because = `${dead.map(({ rollout }) => rollout).join(", ")} is gone: what it added to the routes goes, too`;
  return { actions: [{ do: "update", object }], because };
}

function withoutRings(virtualService: VirtualService, keys: readonly string[]): VirtualService {
  const { annotations = {}, ...metadata } = virtualService.metadata;
  const kept = Object.fromEntries(Object.entries(annotations).filter(([key]) => !keys.includes(key)));
  return { ...virtualService, metadata: { ...metadata, annotations: kept } };
}
