import type { Violation } from "@sluice/kernel";
import { patternOf } from "../../schema/pattern.ts";
import { show } from "../../schema/show.ts";
import { doubled, doubles, exactlyOne, forbidden, invalid, missing } from "../rules.ts";
import type { CanaryStep, CanaryStrategy, RolloutAntiAffinity, SetHeaderRoute, SetMirrorRoute } from "./rollout.ts";
import type { IstioTrafficRouting, IstioVirtualServiceReference, StringMatch } from "./traffic-routing.ts";

// Rules of argo-rollouts' pkg/apis/rollouts/validation/validation.go about routing.

/** Of `strategy.canary` as a whole. */
export function checkRouting(canary: CanaryStrategy, path: string): readonly Violation[] {
  const violations: Violation[] = [...checkServices(canary, path)];
  const routing = canary.trafficRouting;
  if (routing === undefined) return violations;
  const { istio } = routing;
  if (istio === undefined) {
    if (Object.keys(routing).length === 0) {
      violations.push(missing(`${path}.trafficRouting.istio`, "the router's resources", "name a virtualService"));
    }
    return violations;
  }
  violations.push(...checkVirtualServices(istio, `${path}.trafficRouting.istio`));
  const { destinationRule } = istio;
  if (destinationRule !== undefined && destinationRule.canarySubsetName === destinationRule.stableSubsetName) {
    violations.push(
      invalid({
        path: `${path}.trafficRouting.istio.destinationRule.canarySubsetName`,
        found: show(destinationRule.canarySubsetName),
        expected: "another subset than stableSubsetName",
      }),
    );
  }
  const managed = (routing.managedRoutes ?? []).map(({ name }) => name);
  for (const { index, name } of doubles(managed)) {
    violations.push(doubled(`${path}.trafficRouting.managedRoutes[${index}].name`, name, "the managed routes"));
  }
  const weighed = virtualServicesOf(istio).flatMap(({ routes = [] }) => routes);
  for (const [index, name] of managed.entries()) {
    if (!weighed.includes(name)) continue;
    violations.push(
      invalid({
        path: `${path}.trafficRouting.managedRoutes[${index}].name`,
        found: show(name),
        expected: "a name of its own: this route is weighed, and a managed route is removed when the release ends",
        repair: "give the managed route another name, in its steps too",
      }),
    );
  }
  return violations;
}

/** Those of a Rollout, whichever field they stand in. */
const virtualServicesOf = (istio: IstioTrafficRouting): readonly IstioVirtualServiceReference[] => [
  ...(istio.virtualService === undefined ? [] : [istio.virtualService]),
  ...(istio.virtualServices ?? []),
];

function checkVirtualServices(istio: IstioTrafficRouting, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  const { virtualService, virtualServices } = istio;
  if (virtualService !== undefined && virtualServices !== undefined) {
    violations.push(
      invalid({
        path: `${path}.virtualServices`,
        found: "virtualService and virtualServices",
        expected: "one of them",
        repair: "add the one to the list and take virtualService out",
      }),
    );
  } else if (virtualService === undefined && (virtualServices ?? []).length === 0) {
    violations.push(missing(`${path}.virtualService`, "the VirtualService whose weights are set"));
  }
  for (const { index, name } of doubles((virtualServices ?? []).map(({ name }) => name))) {
    violations.push(doubled(`${path}.virtualServices[${index}].name`, name, "the list"));
  }
  const named = [
    ...(virtualService === undefined ? [] : [[`${path}.virtualService`, virtualService] as const]),
    ...(virtualServices ?? []).map((one, index) => [`${path}.virtualServices[${index}]`, one] as const),
  ];
  for (const [at, { routes = [], tlsRoutes = [], tcpRoutes = [] }] of named) {
    for (const { index, name } of doubles(routes)) violations.push(doubled(`${at}.routes[${index}]`, name, "routes"));
    for (const [index, { port, sniHosts = [] }] of tlsRoutes.entries()) {
      if (port === undefined && sniHosts.length === 0) {
        violations.push(missing(`${at}.tlsRoutes[${index}]`, "port or sniHosts, by which the route is found"));
      }
    }
    for (const [index, { port }] of tcpRoutes.entries()) {
      if (port === undefined) violations.push(missing(`${at}.tcpRoutes[${index}].port`, "the port of the route"));
    }
  }
  return violations;
}

function checkServices(canary: CanaryStrategy, path: string): readonly Violation[] {
  if (canary.pingPong !== undefined) return checkPingPong(canary, canary.pingPong, path);
  const violations: Violation[] = [];
  const istio = canary.trafficRouting?.istio;
  if (istio !== undefined && istio.destinationRule === undefined) {
    for (const name of ["canaryService", "stableService"] as const) {
      if (canary[name] === undefined || canary[name] === "") {
        violations.push(
          missing(
            `${path}.${name}`,
            "a Service, since trafficRouting without a destinationRule tells the versions apart by Service",
            "or name a destinationRule with canarySubsetName and stableSubsetName",
          ),
        );
      }
    }
  }
  if (canary.canaryService !== undefined && canary.canaryService === canary.stableService) {
    violations.push(
      invalid({
        path: `${path}.canaryService`,
        found: show(canary.canaryService),
        expected: "another Service than stableService: each picks the pods of one version",
      }),
    );
  }
  return violations;
}

function checkPingPong(
  canary: CanaryStrategy,
  { pingService, pongService }: NonNullable<CanaryStrategy["pingPong"]>,
  path: string,
): readonly Violation[] {
  const violations: Violation[] = [];
  const at = `${path}.pingPong`;
  if (canary.trafficRouting?.istio === undefined) {
    violations.push(
      forbidden({
        path: at,
        found: "pingPong",
        expected: "nothing: only with trafficRouting.istio, whose routes tell the Services apart",
        repair: "add trafficRouting.istio, or use canaryService and stableService",
      }),
    );
  } else if (canary.trafficRouting.istio.destinationRule !== undefined) {
    violations.push(
      forbidden({
        path: at,
        found: "pingPong and a destinationRule",
        expected: "one of them: either Services or subsets tell the versions apart",
        repair: "take one of them out",
      }),
    );
  }
  for (const [field, service] of Object.entries({ pingService, pongService })) {
    if (service === undefined || service === "") violations.push(missing(`${at}.${field}`, "a Service"));
  }
  if (pingService !== undefined && pingService !== "" && pingService === pongService) {
    violations.push(
      invalid({
        path: `${at}.pongService`,
        found: show(pongService),
        expected: "another Service than pingService: they take turns",
      }),
    );
  }
  for (const field of ["canaryService", "stableService"] as const) {
    if (canary[field] === undefined) continue;
    violations.push(
      forbidden({
        path: `${path}.${field}`,
        found: show(canary[field]),
        expected: "nothing: with pingPong the two Services take turns",
        repair: "take it out",
      }),
    );
  }
  return violations;
}

/** Of either strategy. */
export function checkAntiAffinity(antiAffinity: RolloutAntiAffinity | undefined, path: string): readonly Violation[] {
  if (antiAffinity === undefined) return [];
  const { preferredDuringSchedulingIgnoredDuringExecution: preferred } = antiAffinity;
  if (preferred !== undefined || antiAffinity.requiredDuringSchedulingIgnoredDuringExecution !== undefined) return [];
  return [
    missing(path, "preferredDuringSchedulingIgnoredDuringExecution or requiredDuringSchedulingIgnoredDuringExecution"),
  ];
}

/** Of one step that adds a route; nothing of every other step. */
export function checkRouteStep(step: CanaryStep, canary: CanaryStrategy, path: string): readonly Violation[] {
  const { setHeaderRoute, setMirrorRoute } = step;
  if (setHeaderRoute !== undefined) {
    return [
      ...checkManaged("setHeaderRoute", setHeaderRoute.name, canary, path),
      ...checkHeaders(setHeaderRoute, `${path}.setHeaderRoute`),
    ];
  }
  if (setMirrorRoute !== undefined) {
    return [
      ...checkManaged("setMirrorRoute", setMirrorRoute.name, canary, path),
      ...checkMirror(setMirrorRoute, `${path}.setMirrorRoute`),
    ];
  }
  return [];
}

function checkManaged(
  kind: "setHeaderRoute" | "setMirrorRoute",
  name: string | undefined,
  { trafficRouting }: CanaryStrategy,
  path: string,
): readonly Violation[] {
  if (trafficRouting?.istio === undefined) {
    return [
      forbidden({
        path: `${path}.${kind}`,
        found: kind,
        expected: "nothing: only with trafficRouting.istio, in whose VirtualService the route is written",
        repair: "add trafficRouting.istio or take the step out",
      }),
    ];
  }
  if (name === undefined || name === "") return [missing(`${path}.${kind}.name`, "a name that managedRoutes has")];
  const managed = (trafficRouting.managedRoutes ?? []).map((route) => route.name);
  if (managed.includes(name)) return [];
  return [
    invalid({
      path: `${path}.${kind}.name`,
      found: show(name),
      expected: managed.length === 0 ? "a name that managedRoutes has; it has none" : `one of ${managed.join(", ")}`,
      repair: `add trafficRouting.managedRoutes: [{name: ${name}}]`,
    }),
  ];
}

function checkHeaders({ match = [] }: SetHeaderRoute, path: string): readonly Violation[] {
  return match.flatMap(({ headerValue }, index) => {
    const at = `${path}.match[${index}].headerValue`;
    return headerValue === undefined ? [missing(at, "one of exact, prefix, regex")] : checkText(headerValue, at);
  });
}

function checkMirror({ match = [] }: SetMirrorRoute, path: string): readonly Violation[] {
  return match.flatMap(({ method, path: uri, headers = {} }, index) => {
    const at = `${path}.match[${index}]`;
    if (method === undefined && uri === undefined && Object.keys(headers).length === 0) {
      return [missing(at, "method, path or headers", "or leave match out to end the mirror")];
    }
    return [
      ...(method === undefined ? [] : checkText(method, `${at}.method`)),
      ...(uri === undefined ? [] : checkText(uri, `${at}.path`)),
      ...Object.entries(headers).flatMap(([name, value]) => checkText(value, `${at}.headers[${name}]`)),
    ];
  });
}

function checkText(text: StringMatch, path: string): readonly Violation[] {
  const violations = exactlyOne(path, text, ["exact", "prefix", "regex"], "kind of match");
  if (text.regex === undefined || patternOf(text.regex) !== undefined) return violations;
  return [
    ...violations,
    invalid({ path: `${path}.regex`, found: show(text.regex), expected: "a regular expression (RE2)" }),
  ];
}
