import type { DestinationRule, IstioVirtualServiceReference, Rollout, VirtualService } from "@sluice/api";
import { type Claim, claimsOn, placeOf, withClaims, withoutAdded } from "../../marks/index.ts";
import { annotations } from "../names.ts";
import { managedRouteNames, virtualServiceReferences } from "./sides.ts";
import { weighedRoutes } from "./virtual-service.ts";

const nameOf = ({ metadata }: Rollout): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

/** What this Rollout wrote last; undefined where it didn't yet. */
export const ownClaim = (virtualService: VirtualService, rollout: Rollout): Claim | undefined =>
  claimsOn(virtualService).find((claim) => claim.rollout === nameOf(rollout));

/** With this Rollout's claim; those of Rollouts that are gone are forgotten, unless they left something. The same object back where it is so already. */
export function withClaim(
  virtualService: VirtualService,
  rollout: Rollout,
  others: readonly Rollout[],
  { weight, added }: Pick<Claim, "weight" | "added">,
): VirtualService {
  const own = nameOf(rollout);
  const living = others.map(nameOf);
  const kept = claimsOn(virtualService).filter(
    (claim) => claim.rollout !== own && (living.includes(claim.rollout) || claim.added.length > 0),
  );
  return withClaims(virtualService, [...kept, { rollout: own, weight, added }]);
}

/** Without what this Rollout added once, and no longer names. */
export function withoutStale(
  virtualService: VirtualService,
  rollout: Rollout,
  named: readonly string[],
): VirtualService {
  const known = ownClaim(virtualService, rollout)?.added ?? [];
  return withoutAdded(
    virtualService,
    known.filter((name) => !named.includes(name)),
  );
}

/** The Rollouts that the VirtualServices name as theirs, but for this one. */
export const rivalNames = (
  rollout: Rollout,
  virtualServices: readonly (VirtualService | undefined)[],
): readonly { readonly namespace: string; readonly name: string }[] => {
  const names = new Set(
    virtualServices.flatMap((service) =>
      service === undefined ? [] : claimsOn(service).map((claim) => claim.rollout),
    ),
  );
  names.delete(nameOf(rollout));
  return [...names].map((text) => {
    const slash = text.indexOf("/");
    return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
  });
};

/** Whose subsets a DestinationRule's are, as it stands on it. */
const managerOf = (rule: DestinationRule | undefined): string | undefined =>
  rule?.metadata.annotations?.[annotations.managedBy];

/** The Rollout that the DestinationRule names, but for this one. */
export function ruleRivalName(rollout: Rollout, rule: DestinationRule | undefined): string | undefined {
  const manager = managerOf(rule);
  return manager === rollout.metadata.name ? undefined : manager;
}

/** Another Rollout whose versions the same DestinationRule's subsets are. The older one has it. */
export function olderRuleRival(rollout: Rollout, rival: Rollout | undefined): Rollout | undefined {
  const nameIn = ({ spec }: Rollout) => spec.strategy?.canary?.trafficRouting?.istio?.destinationRule?.name;
  const isShared = rival !== undefined && nameIn(rival) !== undefined && nameIn(rival) === nameIn(rollout);
  return isShared && isOlder(rival, rollout) ? rival : undefined;
}

/** With this Rollout's name on it; the same object back where it is so already. */
export function withManager(rule: DestinationRule, { metadata: { name } }: Rollout): DestinationRule {
  if (managerOf(rule) === name) return rule;
  const { metadata } = rule;
  return {
    ...rule,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.managedBy]: name } },
  };
}

/** Another Rollout that weighs one of the same routes, and its name. The older one has the route, whoever came to it first. */
export function olderRival(
  virtualService: VirtualService,
  reference: IstioVirtualServiceReference,
  rollout: Rollout,
  others: readonly Rollout[],
): { readonly rival: Rollout; readonly route: string } | undefined {
  const own = routeNames(virtualService, reference, rollout);
  for (const rival of others) {
    if (!isOlder(rival, rollout)) continue;
    for (const theirs of virtualServiceReferences(rival)) {
      if (!leadsTo(theirs, rival, virtualService)) continue;
      const route = routeNames(virtualService, theirs, rival).find((name) => own.includes(name));
      if (route !== undefined) return { rival, route };
    }
  }
  return undefined;
}

/** Names of all routes that a Rollout weighs or adds there; none where its reference doesn't resolve: it writes nothing. */
function routeNames(
  virtualService: VirtualService,
  reference: IstioVirtualServiceReference,
  rollout: Rollout,
): readonly string[] {
  const managed = managedRouteNames(rollout);
  const weighed = weighedRoutes(virtualService, reference, managed);
  if (weighed.is === "fault") return [];
  return [
    ...weighed.value.http.map((index) => virtualService.spec.http?.[index]?.name ?? `http[${index}]`),
    ...weighed.value.tls.map((index) => `tls[${index}]`),
    ...weighed.value.tcp.map((index) => `tcp[${index}]`),
    ...managed,
  ];
}

function leadsTo(reference: IstioVirtualServiceReference, rollout: Rollout, { metadata }: VirtualService): boolean {
  const { namespace, name } = placeOf(reference.name, rollout.metadata.namespace);
  return name === metadata.name && namespace === metadata.namespace;
}

function isOlder(a: Rollout, b: Rollout): boolean {
  const [left, right] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
  return left === right ? nameOf(a) < nameOf(b) : left < right;
}
