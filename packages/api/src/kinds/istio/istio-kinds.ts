import type { Violation } from "@sluice/kernel";
import type { KindDefinition } from "../../contract/kind-definition.ts";
import { goDurationMillis } from "../../schema/formats.ts";
import { patternOf } from "../../schema/pattern.ts";
import { show } from "../../schema/show.ts";
import { ageColumn, column, fieldColumn, nameColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import { doubled, doubles, exactlyOne, invalid, missing } from "../rules.ts";
import type { DestinationRule } from "./destination-rule.ts";
import { anyStatus, destinationRuleSpec, gatewaySpec, virtualServiceSpec } from "./istio-schema.ts";
import type { HttpMatchRequest, HttpRoute, StringMatch, VirtualService } from "./virtual-service.ts";

const istio = {
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  namespaced: true,
  categories: ["istio-io", "networking-istio-io"],
} as const;

export const virtualServiceKind: KindDefinition = {
  ...istio,
  kind: "VirtualService",
  plural: "virtualservices",
  singular: "virtualservice",
  shortNames: ["vs"],
  schema: resource("How requests to hosts are routed.", { spec: virtualServiceSpec, status: anyStatus }, ["spec"]),
  status: true,
  columns: [
    nameColumn,
    column<VirtualService>("Gateways", ({ spec }) =>
      spec.gateways === undefined ? "" : JSON.stringify(spec.gateways),
    ),
    column<VirtualService>("Hosts", ({ spec }) => (spec.hosts === undefined ? "" : JSON.stringify(spec.hosts))),
    ageColumn,
  ],
  validate: (object) => checkVirtualService(object as VirtualService),
};

export const destinationRuleKind: KindDefinition = {
  ...istio,
  kind: "DestinationRule",
  plural: "destinationrules",
  singular: "destinationrule",
  shortNames: ["dr"],
  schema: resource("The versions of a Service.", { spec: destinationRuleSpec, status: anyStatus }, ["spec"]),
  status: true,
  columns: [nameColumn, fieldColumn("Host", "spec.host"), ageColumn],
  validate: (object) =>
    doubles(((object as DestinationRule).spec.subsets ?? []).map(({ name }) => name)).map(({ index, name }) =>
      doubled(`spec.subsets[${index}].name`, name, "the rule's subsets"),
    ),
};

export const gatewayKind: KindDefinition = {
  ...istio,
  kind: "Gateway",
  plural: "gateways",
  singular: "gateway",
  shortNames: ["gw"],
  schema: resource("Accepted and not needed.", { spec: gatewaySpec, status: anyStatus }, ["spec"]),
  status: true,
  columns: [nameColumn, ageColumn],
};

/** Rules of Istio's pkg/config/validation. */
function checkVirtualService({ spec }: VirtualService): readonly Violation[] {
  const violations: Violation[] = [];
  if ((spec.hosts ?? []).length === 0) violations.push(missing("spec.hosts", "at least one host"));
  for (const [index, host] of (spec.hosts ?? []).entries()) {
    const rest = host.startsWith("*.") ? host.slice(2) : host;
    if (host === "*" || /^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(rest)) continue;
    violations.push(invalid({ path: `spec.hosts[${index}]`, found: show(host), expected: "a host name, *.name or *" }));
  }
  for (const { index, name } of doubles(spec.hosts ?? []))
    violations.push(doubled(`spec.hosts[${index}]`, name, "hosts"));
  const routes = spec.http ?? [];
  if (routes.length === 0 && spec.tls === undefined && spec.tcp === undefined) {
    violations.push(missing("spec.http", "at least one route"));
  }
  for (const { index, name } of doubles(routes.map(({ name }) => name || undefined))) {
    violations.push(doubled(`spec.http[${index}].name`, name, "the routes"));
  }
  for (const [index, route] of routes.entries()) violations.push(...checkRoute(route, `spec.http[${index}]`));
  return violations;
}

function checkRoute(route: HttpRoute, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  const destinations = route.route ?? [];
  if (route.redirect !== undefined) {
    if (destinations.length > 0) {
      violations.push(invalid({ path, found: "route and redirect", expected: "one of them" }));
    }
    if (route.rewrite !== undefined) {
      violations.push(invalid({ path, found: "rewrite and redirect", expected: "one of them" }));
    }
  } else if (destinations.length === 0 && route.directResponse === undefined && route.delegate === undefined) {
    violations.push(missing(`${path}.route`, "at least one destination, or a redirect"));
  }
  if (destinations.length > 1 && destinations.every(({ weight }) => (weight ?? 0) === 0)) {
    violations.push(
      invalid({ path: `${path}.route`, found: "no weight above 0", expected: "weights that sum to 100" }),
    );
  }
  for (const [index, match] of (route.match ?? []).entries()) {
    violations.push(...checkMatch(match, `${path}.match[${index}]`));
  }
  for (const [name, duration] of [
    ["timeout", route.timeout],
    ["retries.perTryTimeout", route.retries?.perTryTimeout],
  ] as const) {
    const millis = duration === undefined ? undefined : goDurationMillis(duration);
    if (millis !== undefined && (millis < 0 || (millis > 0 && millis < 1))) {
      violations.push(invalid({ path: `${path}.${name}`, found: show(duration), expected: "0s, or at least 1ms" }));
    }
  }
  return violations;
}

function checkMatch(match: HttpMatchRequest, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  const texts: (readonly [string, StringMatch, boolean])[] = [];
  if (match.uri !== undefined) texts.push([`${path}.uri`, match.uri, false]);
  if (match.method !== undefined) texts.push([`${path}.method`, match.method, false]);
  for (const part of ["headers", "withoutHeaders", "queryParams"] as const) {
    // An empty match means that the header is there.
    for (const [name, text] of Object.entries(match[part] ?? {})) texts.push([`${path}.${part}[${name}]`, text, true]);
  }
  for (const [at, text, mayBeEmpty] of texts) {
    if (mayBeEmpty && Object.keys(text).length === 0) continue;
    violations.push(...exactlyOne(at, text, ["exact", "prefix", "regex"], "kind of match"));
    if (text.regex !== undefined && patternOf(text.regex) === undefined) {
      violations.push(
        invalid({ path: `${at}.regex`, found: show(text.regex), expected: "a regular expression (RE2)" }),
      );
    }
  }
  for (const name of Object.keys(match.headers ?? {})) {
    if (name === name.toLowerCase()) continue;
    violations.push(
      invalid({
        path: `${path}.headers[${name}]`,
        found: show(name),
        expected: "a header name in lower case",
        repair: `write ${show(name.toLowerCase())}`,
      }),
    );
  }
  return violations;
}
