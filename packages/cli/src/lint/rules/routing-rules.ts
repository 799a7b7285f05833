import type {
  DestinationRule,
  HttpRoute,
  IstioDestinationRuleReference,
  IstioVirtualServiceReference,
  Rollout,
  RolloutTrafficRouting,
  VirtualService,
} from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import { canaryOf } from "../analysis/analysis-uses.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, missingReference, type World } from "../manifests/world.ts";

/** Whether the names that Rollouts, VirtualServices and DestinationRules give each other exist. */
export const routingFindings = (world: World): readonly Finding[] => [
  ...world.of("Rollout").flatMap((manifest) => checkRollout(world, manifest)),
  ...world.of("VirtualService").flatMap((manifest) => checkVirtualService(world, manifest)),
  ...world.of("DestinationRule").flatMap((manifest) => checkDestinationRule(world, manifest)),
];

function checkRollout(world: World, manifest: Manifest): readonly Finding[] {
  const canary = canaryOf(manifest);
  if (canary === undefined) return [];
  const findings: Finding[] = [];
  const path = "spec.strategy.canary";
  const namespace = manifest.resource.metadata.namespace;
  const { pingService, pongService } = (canary.pingPong ?? {}) as Readonly<Record<string, unknown>>;
  const services = {
    canaryService: canary.canaryService,
    stableService: canary.stableService,
    "pingPong.pingService": pingService,
    "pingPong.pongService": pongService,
  };
  for (const [name, service] of Object.entries(services)) {
    if (typeof service === "string" && world.find("Service", service, namespace) === undefined) {
      findings.push(missingReference(world, manifest, `${path}.${name}`, "Service", service));
    }
  }
  const istio = (canary.trafficRouting as RolloutTrafficRouting | undefined)?.istio;
  if (typeof istio !== "object" || istio === null) return findings;
  const at = `${path}.trafficRouting.istio`;
  const ruleName = istio.destinationRule?.name;
  const rule = typeof ruleName === "string" ? world.find("DestinationRule", ruleName, namespace) : undefined;
  if (typeof ruleName === "string" && istio.destinationRule !== undefined) {
    if (rule === undefined) {
      findings.push(missingReference(world, manifest, `${at}.destinationRule.name`, "DestinationRule", ruleName));
    } else {
      const subsets = subsetsOf(rule);
      for (const part of ["canarySubsetName", "stableSubsetName"] as const) {
        const subset = istio.destinationRule[part];
        if (typeof subset !== "string" || subsets.includes(subset)) continue;
        findings.push(missingSubset(manifest, `${at}.destinationRule.${part}`, subset, rule));
      }
    }
  }
  if (rule !== undefined && istio.destinationRule !== undefined) {
    findings.push(...checkDropped(rule, istio.destinationRule, manifest));
  }
  if (istio.virtualService !== undefined) {
    findings.push(...checkReference(world, manifest, `${at}.virtualService`, istio.virtualService));
  }
  for (const [index, reference] of list<IstioVirtualServiceReference>(istio.virtualServices).entries()) {
    findings.push(...checkReference(world, manifest, `${at}.virtualServices[${index}]`, reference));
  }
  return findings;
}

/** Subsets of neither version that aren't named as additional go with the first release: a route to one would answer 503. */
function checkDropped(
  rule: Manifest,
  { canarySubsetName, stableSubsetName, additionalSubsetNames }: IstioDestinationRuleReference,
  rollout: Manifest,
): readonly Finding[] {
  const kept = [
    canarySubsetName,
    stableSubsetName,
    ...(Array.isArray(additionalSubsetNames) ? additionalSubsetNames : []),
  ];
  return subsetsOf(rule).flatMap((subset, index) =>
    kept.includes(subset)
      ? []
      : [
          findingAt(rule, `spec.subsets[${index}].name`, {
            severity: "warning",
            rule: "dropped-subset",
            what: `${rollout.describe()} drops every subset that it doesn't name, as Argo Rollouts does`,
            found: subset,
            expected: `${kept.slice(0, -1).join(", ")} and ${kept.at(-1)} only`,
            repair: "add it to trafficRouting.istio.destinationRule.additionalSubsetNames",
          }),
        ],
  );
}

function checkReference(
  world: World,
  manifest: Manifest,
  at: string,
  reference: IstioVirtualServiceReference,
): readonly Finding[] {
  const canary = canaryOf(manifest) ?? {};
  const { istio, managedRoutes } = (canary.trafficRouting as RolloutTrafficRouting | undefined) ?? {};
  const findings: Finding[] = [];
  const namespace = manifest.resource.metadata.namespace;
  const serviceName = reference?.name;
  if (typeof serviceName !== "string") return findings;
  const [name = serviceName, inNamespace] = serviceName.split(".");
  const virtualService = world.find("VirtualService", name, inNamespace ?? namespace);
  if (virtualService === undefined) {
    findings.push(missingReference(world, manifest, `${at}.name`, "VirtualService", serviceName));
    return findings;
  }
  const managed = list<{ name?: string }>(managedRoutes).map(({ name: route }) => route);
  const routes = routesOf(virtualService).filter(({ name: route }) => route === undefined || !managed.includes(route));
  const isL4 = list(reference.tlsRoutes).length + list(reference.tcpRoutes).length > 0;
  findings.push(...checkL4(manifest, at, virtualService, reference));
  const wanted = reference.routes;
  if (!Array.isArray(wanted) || wanted.length === 0) {
    if (routes.length > 1 && !isL4) {
      findings.push(
        findingAt(manifest, at, {
          severity: "error",
          rule: "missing-route",
          what: `${virtualService.describe()} has ${routes.length} routes, and none is named`,
          expected: "the names of the routes that are weighed",
          repair: `add routes: [${routes.map(({ name: route }) => route ?? "?").join(", ")}]`,
        }),
      );
    }
    return findings;
  }
  for (const [index, route] of wanted.entries()) {
    const found = routes.find(({ name: known }) => known === route);
    if (found === undefined) {
      const names = routes.map(({ name: known }) => known).filter((known) => known !== undefined);
      findings.push(
        findingAt(manifest, `${at}.routes[${index}]`, {
          severity: "error",
          rule: "missing-route",
          what: `${virtualService.describe()} has no route ${route}`,
          found: String(route),
          expected: names.length === 0 ? "a route of that name; its routes have none" : `one of ${names.join(", ")}`,
          repair: names.length === 0 ? `add name: ${route} to the http route` : `use ${names[0]}`,
        }),
      );
    } else {
      findings.push(
        ...checkDestinations(manifest, `${at}.routes[${index}]`, virtualService, found, istio?.destinationRule, canary),
      );
    }
  }
  return findings;
}

type L4Reference = { readonly port?: number; readonly sniHosts?: readonly string[] };
type L4Match = { readonly match?: readonly L4Reference[] };

/** A tls or tcp route is found by what it matches: exactly this port, exactly these hosts. */
function checkL4(
  manifest: Manifest,
  at: string,
  virtualService: Manifest,
  reference: IstioVirtualServiceReference,
): readonly Finding[] {
  const { spec } = virtualService.resource as Partial<VirtualService>;
  const said = ({ port, sniHosts = [] }: L4Reference): string =>
    [...(port === undefined ? [] : [`port ${port}`]), ...sniHosts].join(", ");
  return (["tls", "tcp"] as const).flatMap((protocol) => {
    const there = list<L4Match>(spec?.[protocol]).flatMap(({ match }) => list<L4Reference>(match));
    return list<L4Reference>(reference[`${protocol}Routes`]).flatMap((wanted, index) => {
      const isThere = there.some(
        ({ port, sniHosts = [] }) =>
          (wanted.port === undefined || wanted.port === port) &&
          (wanted.sniHosts ?? []).every((host) => sniHosts.includes(host)),
      );
      if (isThere) return [];
      return [
        findingAt(manifest, `${at}.${protocol}Routes[${index}]`, {
          severity: "error",
          rule: "missing-route",
          what: `${virtualService.describe()} has no ${protocol} route for ${said(wanted)}`,
          found: said(wanted),
          expected: there.length === 0 ? `a ${protocol} route; it has none` : `one of ${there.map(said).join("; ")}`,
          repair: there[0] === undefined ? `add the ${protocol} route to it` : `name ${said(there[0])}`,
        }),
      ];
    });
  });
}

/** A weighed route needs both versions to weigh. */
function checkDestinations(
  manifest: Manifest,
  path: string,
  virtualService: Manifest,
  route: HttpRoute,
  rule: { readonly canarySubsetName?: string; readonly stableSubsetName?: string } | undefined,
  services: { readonly canaryService?: string; readonly stableService?: string },
): readonly Finding[] {
  const destinations = list<{ destination?: { host?: string; subset?: string } }>(route.route);
  const wanted =
    rule === undefined
      ? [services.canaryService, services.stableService]
      : [rule.canarySubsetName, rule.stableSubsetName];
  return wanted
    .filter((name) => typeof name === "string" && name !== "")
    .filter(
      (name) =>
        !destinations.some(({ destination }) =>
          rule === undefined ? destination?.host?.split(".")[0] === name : destination?.subset === name,
        ),
    )
    .map((name) =>
      findingAt(manifest, path, {
        severity: "error",
        rule: "missing-destination",
        what: `the route ${route.name ?? ""} of ${virtualService.describe()} doesn't go to ${rule === undefined ? "the Service" : "the subset"} ${name}`,
        found:
          destinations.map(({ destination }) => destination?.subset ?? destination?.host ?? "?").join(", ") ||
          "no destinations",
        expected: wanted.join(" and "),
        repair: `add a destination with ${rule === undefined ? `host: ${name}` : `subset: ${name}`} and weight: 0`,
      }),
    );
}

const missingSubset = (manifest: Manifest, path: string, subset: string, rule: Manifest): Finding =>
  findingAt(manifest, path, {
    severity: "error",
    rule: "missing-subset",
    what: `${rule.describe()} has no subset ${subset}`,
    found: subset,
    expected: subsetsOf(rule).length === 0 ? "a subset of it; it has none" : `one of ${subsetsOf(rule).join(", ")}`,
    repair: `add the subset ${subset} to it`,
  });

const subsetsOf = ({ resource }: Manifest): readonly string[] =>
  list<{ name?: string }>((resource as Partial<DestinationRule>).spec?.subsets).flatMap(({ name }) => name ?? []);

const routesOf = ({ resource }: Manifest): readonly HttpRoute[] =>
  list<HttpRoute>((resource as Partial<VirtualService>).spec?.http);

function checkVirtualService(world: World, manifest: Manifest): readonly Finding[] {
  const namespace = manifest.resource.metadata.namespace;
  const { spec } = manifest.resource as Partial<VirtualService>;
  const leftOut = (["tls", "tcp"] as const)
    .filter((protocol) => list(spec?.[protocol]).length > 0)
    .map((protocol) =>
      findingAt(manifest, `spec.${protocol}`, {
        severity: "warning",
        rule: "route-not-served",
        what: "the embedded router serves http routes only and leaves these out; a mesh honours them",
        found: `${protocol} routes`,
        expected: "http routes",
        repair: "use http routes, or run the release in a mesh",
      }),
    );
  return [...leftOut, ...checkHttp(world, manifest, namespace)];
}

function checkHttp(world: World, manifest: Manifest, namespace: string | undefined): readonly Finding[] {
  return routesOf(manifest).flatMap((route, index) =>
    list<{ destination?: { host?: string; subset?: string } }>(route.route).flatMap(({ destination }, at) => {
      const path = `spec.http[${index}].route[${at}].destination`;
      if (typeof destination?.host !== "string") return [];
      const [service = "", inNamespace] = destination.host.split(".");
      const where = inNamespace ?? namespace;
      const findings: Finding[] = [];
      if (world.find("Service", service, where) === undefined) {
        findings.push(missingReference(world, manifest, `${path}.host`, "Service", service));
      }
      const { subset } = destination;
      if (subset === undefined) return findings;
      const rules = world
        .inNamespace("DestinationRule", where)
        .filter(({ resource }) => (resource as Partial<DestinationRule>).spec?.host?.split(".")[0] === service);
      const [rule] = rules;
      if (rule === undefined) {
        findings.push(
          findingAt(manifest, `${path}.subset`, {
            severity: world.of("DestinationRule").length > 0 ? "error" : "warning",
            rule: "missing-subset",
            what: `no DestinationRule among the files defines subsets of ${service}`,
            found: subset,
            expected: `a DestinationRule with host: ${service} and the subset ${subset}`,
          }),
        );
      } else if (!rules.some((candidate) => subsetsOf(candidate).includes(subset))) {
        findings.push(missingSubset(manifest, `${path}.subset`, subset, rule));
      }
      return findings;
    }),
  );
}

function checkDestinationRule(world: World, manifest: Manifest): readonly Finding[] {
  const host = (manifest.resource as Partial<DestinationRule>).spec?.host;
  if (typeof host !== "string") return [];
  const [service = "", namespace] = host.split(".");
  const missing =
    world.find("Service", service, namespace ?? manifest.resource.metadata.namespace) === undefined
      ? [missingReference(world, manifest, "spec.host", "Service", service)]
      : [];
  return [...missing, ...checkOneSided(world, manifest, service)];
}

/** A Service of one version has no Pod for a subset of the other: what is sent there fails. */
function checkOneSided(world: World, manifest: Manifest, service: string): readonly Finding[] {
  const { name, namespace } = manifest.resource.metadata;
  return world.inNamespace("Rollout", namespace).flatMap((rollout) => {
    const { canaryService, stableService, trafficRouting } =
      (rollout.resource as Partial<Rollout>).spec?.strategy?.canary ?? {};
    if (trafficRouting?.istio?.destinationRule?.name !== name) return [];
    const role = service === stableService ? "stableService" : service === canaryService ? "canaryService" : undefined;
    if (role === undefined) return [];
    return findingAt(manifest, "spec.host", {
      severity: "error",
      rule: "one-sided-host",
      what: `its subsets are both versions, and ${service} selects one: it is ${role} of ${rollout.describe()}`,
      found: service,
      expected: "a Service that selects the Pods of both versions",
      repair:
        "write a third Service here and into the VirtualService, or take canaryService and stableService out of the Rollout",
    });
  });
}
