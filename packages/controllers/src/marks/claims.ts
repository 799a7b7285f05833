import type { VirtualService } from "@sluice/api";

/** Ours, on a VirtualService: who weighs it, `namespace/name=20`, with what was added: `namespace/name=20/testers`. */
export const weighedByAnnotation = "sluice.dev/weighed-by";

/** A Rollout that weighs routes of a VirtualService, and the weight that it wrote last. */
export interface Claim {
  /** `namespace/name`. */
  readonly rollout: string;
  readonly weight: number;
  /** Names of the routes that its steps added, and hosts that it gave a share beside both versions. */
  readonly added: readonly string[];
}

/** As it stands on the VirtualService itself: written together with the weights, so that it's never late. */
export function claimsOn(virtualService: VirtualService): readonly Claim[] {
  const known =
    claims.get(virtualService) ?? claimsIn(virtualService.metadata.annotations?.[weighedByAnnotation] ?? "");
  claims.set(virtualService, known);
  return known;
}

/** Asked for several times at each look at a Rollout, of the same unchanging object. */
const claims = new WeakMap<VirtualService, readonly Claim[]>();

const claimsIn = (text: string): readonly Claim[] =>
  text.split(",").flatMap((entry) => {
    const [rollout = "", rest] = entry.split("=");
    if (!rollout.includes("/") || rest === undefined) return [];
    const [weight, ...added] = rest.split("/");
    return [{ rollout, weight: Number(weight), added: added.map(decodeURIComponent) }];
  });

/** The same object back where it is so already. */
export function withClaims(virtualService: VirtualService, claims: readonly Claim[]): VirtualService {
  const text = claims
    .map(({ rollout, weight, added }) => `${rollout}=${[weight, ...added.map(encodeURIComponent)].join("/")}`)
    .sort()
    .join(",");
  const { metadata } = virtualService;
  const { [weighedByAnnotation]: known, ...others } = metadata.annotations ?? {};
  if ((known ?? "") === text) return virtualService;
  const annotations = text === "" ? others : { ...others, [weighedByAnnotation]: text };
  return { ...virtualService, metadata: { ...metadata, annotations } };
}

/** Where a VirtualService stands: `name` or `name.namespace`. */
export function placeOf(reference: string, namespace: string | undefined) {
  const dot = reference.indexOf(".");
  return dot === -1
    ? { namespace, name: reference }
    : { namespace: reference.slice(dot + 1), name: reference.slice(0, dot) };
}

/** Without these routes, and without a share for these hosts, which the first that is left gets. The same object back without any. */
export function withoutAdded(virtualService: VirtualService, added: readonly string[]): VirtualService {
  const { http } = virtualService.spec;
  if (http === undefined || added.length === 0) return virtualService;
  const routes = http.filter(({ name }) => name === undefined || !added.includes(name));
  const next = routes.map((route) => {
    const [first, ...others] = (route.route ?? []).filter(({ destination }) => !added.includes(destination.host));
    const freed = (route.route ?? [])
      .filter(({ destination }) => added.includes(destination.host))
      .reduce((sum, { weight = 0 }) => sum + weight, 0);
    if (first === undefined || 1 + others.length === route.route?.length) return route;
    return { ...route, route: [{ ...first, weight: (first.weight ?? 0) + freed }, ...others] };
  });
  const isSame = next.length === http.length && next.every((route, index) => route === http[index]);
  return isSame ? virtualService : { ...virtualService, spec: { ...virtualService.spec, http: next } };
}
