import type { IstioTrafficRouting, IstioVirtualServiceReference, Rollout } from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, missingReference, type World } from "../manifests/world.ts";

/** What Rollouts can't share, and what they take their template from. */
export const sharingFindings = (world: World): readonly Finding[] => [
  ...sharedClaims(world),
  ...world.of("Rollout").flatMap((manifest) => checkWorkload(world, manifest)),
];

/** Something that one Rollout alone may change. */
interface Claim {
  readonly manifest: Manifest;
  readonly path: string;
  /** What is claimed, and where: the same text is the same thing. */
  readonly what: string;
}

function sharedClaims(world: World): readonly Finding[] {
  const owners = new Map<string, Claim>();
  return world
    .of("Rollout")
    .flatMap(claimsOf)
    .flatMap((claim): Finding[] => {
      const owner = owners.get(claim.what);
      if (owner === undefined) {
        owners.set(claim.what, claim);
        return [];
      }
      if (owner.manifest === claim.manifest) return [];
      return [
        findingAt(claim.manifest, claim.path, {
          severity: "error",
          rule: "shared-claim",
          what: `${owner.manifest.describe()} changes ${claim.what}, too: the older has it, and this one is Degraded`,
          found: claim.what,
          expected: "one that no other Rollout changes",
          repair: "give each Rollout its own",
        }),
      ];
    });
}

function claimsOf(manifest: Manifest): readonly Claim[] {
  const { spec, metadata } = manifest.resource as Partial<Rollout> & Manifest["resource"];
  const { canary, blueGreen } = spec?.strategy ?? {};
  const services = (strategy: string, fields: Readonly<Record<string, unknown>>) =>
    Object.entries(fields).flatMap(([field, name]): Claim[] =>
      typeof name === "string" && name !== ""
        ? [
            {
              manifest,
              path: `spec.strategy.${strategy}.${field}`,
              what: `the selector of Service ${placeOf(name, metadata.namespace)}`,
            },
          ]
        : [],
    );
  const istio = canary?.trafficRouting?.istio;
  return [
    ...services("canary", {
      canaryService: canary?.canaryService,
      stableService: canary?.stableService,
      "pingPong.pingService": canary?.pingPong?.pingService,
      "pingPong.pongService": canary?.pingPong?.pongService,
    }),
    ...services("blueGreen", { activeService: blueGreen?.activeService, previewService: blueGreen?.previewService }),
    ...(istio === undefined ? [] : routeClaims(manifest, istio)),
  ];
}

function routeClaims(manifest: Manifest, istio: IstioTrafficRouting): readonly Claim[] {
  const { namespace } = manifest.resource.metadata;
  const at = "spec.strategy.canary.trafficRouting.istio";
  const named: readonly (readonly [string, IstioVirtualServiceReference | undefined])[] = [
    [`${at}.virtualService`, istio.virtualService],
    ...list<IstioVirtualServiceReference>(istio.virtualServices).map(
      (one, index) => [`${at}.virtualServices[${index}]`, one] as const,
    ),
  ];
  const routes = named.flatMap(([path, reference]) => {
    if (typeof reference?.name !== "string") return [];
    const service = placeOf(reference.name, namespace);
    const isL4 = list(reference.tlsRoutes).length + list(reference.tcpRoutes).length > 0;
    const names = Array.isArray(reference.routes) ? reference.routes.map(String) : [];
    const claimed = names.length > 0 ? names.map((route) => `route ${route}`) : isL4 ? [] : ["the route"];
    return claimed.map(
      (route): Claim => ({ manifest, path: `${path}.name`, what: `${route} of VirtualService ${service}` }),
    );
  });
  const rule = istio.destinationRule?.name;
  if (typeof rule !== "string") return routes;
  const what = `the subsets of DestinationRule ${placeOf(rule, namespace)}`;
  return [...routes, { manifest, path: `${at}.destinationRule.name`, what }];
}

/** `name` or `name.namespace`, as one text. */
function placeOf(reference: string, namespace: string | undefined): string {
  const [name = "", inNamespace = namespace] = reference.split(".");
  return inNamespace === undefined ? name : `${inNamespace}/${name}`;
}

function checkWorkload(world: World, manifest: Manifest): readonly Finding[] {
  const { spec, metadata } = manifest.resource as Partial<Rollout> & Manifest["resource"];
  const { kind = "Deployment", name, scaleDown = "never" } = spec?.workloadRef ?? {};
  if (spec?.workloadRef === undefined || typeof name !== "string") return [];
  const found = world.find(kind, name, metadata.namespace);
  if (found === undefined) return [missingReference(world, manifest, "spec.workloadRef.name", kind, name)];
  const replicas = (found.resource.spec as { readonly replicas?: number } | undefined)?.replicas ?? 1;
  if (kind === "PodTemplate" || scaleDown !== "never" || replicas === 0) return [];
  return [
    findingAt(manifest, "spec.workloadRef", {
      severity: "warning",
      rule: "both-run",
      what: `${found.describe()} keeps its own ${replicas} pods beside the Rollout's: Services pick both`,
      found: `scaleDown: ${scaleDown}`,
      expected: "onsuccess or progressively, or a Deployment with replicas: 0",
      repair: "add scaleDown: progressively",
    }),
  ];
}
