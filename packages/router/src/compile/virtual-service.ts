import type { Destination, HttpRoute, HttpRouteDestination, IstioStringMatch, VirtualService } from "@sluice/api";
import { RE2JS } from "re2js";
import { resolveHost } from "../service-name.ts";
import type {
  DestinationEntry,
  HttpMatchEntry,
  HttpRouteEntry,
  RedirectEntry,
  ServiceEntry,
  StringMatchEntry,
  VirtualServiceEntry,
} from "../table.ts";
import { compileDuration } from "./duration.ts";
import { compileFault } from "./fault.ts";
import { compileHeaders } from "./headers.ts";
import { compileMirrors } from "./mirrors.ts";
import { type Report, type RouteProblem, refuseUnknown, reportTo } from "./problem.ts";
import { compileRetries } from "./retries.ts";
import { compileRings, readRings } from "./rings.ts";

/** Names the cookie by whose value a user stays on one version. */
export const stickyCookieAnnotation = "sluice.dev/sticky-cookie";

export type FindService = (key: string) => ServiceEntry | undefined;

/** One VirtualService as the table holds it. What can't be expressed is reported, and routed as far as it goes. */
export function compileVirtualService(
  virtualService: VirtualService,
  findService: FindService,
  problems: RouteProblem[],
): VirtualServiceEntry {
  const report = reportTo(problems, virtualService);
  const { metadata, spec } = virtualService;
  const namespace = metadata.namespace ?? "default";
  refuseUnknown(spec, ["hosts", "gateways", "http"], "spec", report);
  const cookie = metadata.annotations?.[stickyCookieAnnotation];
  const cookieIsToken = cookie !== undefined && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(cookie);
  if (cookie !== undefined && !cookieIsToken) {
    report(`metadata.annotations[${stickyCookieAnnotation}]`, JSON.stringify(cookie), "a cookie's name");
  }
  const rings = readRings(virtualService, report);
  return {
    namespace,
    name: metadata.name,
    ...(metadata.creationTimestamp === undefined ? {} : { createdAt: metadata.creationTimestamp }),
    hosts: [...new Set((spec.hosts ?? []).map((host) => resolveHost(host, namespace)))],
    ...(cookieIsToken ? { stickyCookie: cookie } : {}),
    http: (spec.http ?? []).map((route, index) => {
      const entry = compileRoute(route, index, { namespace, path: `spec.http[${index}]`, report, findService });
      return { ...entry, ...compileRings(rings, entry, namespace) };
    }),
  };
}

interface Place {
  readonly namespace: string;
  readonly path: string;
  readonly report: Report;
  readonly findService: FindService;
}

const routeFields = [
  "name",
  "match",
  "route",
  "redirect",
  "rewrite",
  "retries",
  "timeout",
  "fault",
  "headers",
  "mirror",
  "mirrors",
  "mirrorPercentage",
  "mirrorPercent",
  "mirror_percent",
];

function compileRoute(route: HttpRoute, index: number, place: Place): HttpRouteEntry {
  const { path, report } = place;
  refuseUnknown(route, routeFields, path, report);
  const match = route.match?.map((block, at) => compileMatch(block, `${path}.match[${at}]`, report));
  const timeoutMillis = compileDuration(route.timeout, `${path}.timeout`, report);
  if (route.redirect === undefined && (route.route ?? []).length === 0) {
    report(`${path}.route`, "nothing", "a destination or a redirect");
  }
  if (route.rewrite !== undefined) refuseUnknown(route.rewrite, ["uri", "authority"], `${path}.rewrite`, report);
  return {
    id: route.name ?? `#${index}`,
    ...(match === undefined || match.length === 0 ? {} : { match }),
    destinations: compileDestinations(route.route ?? [], place),
    ...(route.redirect === undefined ? {} : { redirect: compileRedirect(route.redirect, `${path}.redirect`, report) }),
    ...(route.rewrite === undefined ? {} : { rewrite: pick(route.rewrite) }),
    ...(route.retries === undefined ? {} : { retries: compileRetries(route.retries, `${path}.retries`, report) }),
    ...(timeoutMillis === undefined ? {} : { timeoutMillis }),
    ...compileMirrors(route, (destination, at) => compileTarget(destination, `${path}.${at}`, place)),
    ...compileFault(route.fault, `${path}.fault`, report),
    ...compileHeaders(route.headers, `${path}.headers`, report),
  };
}

const pick = (rewrite: NonNullable<HttpRoute["rewrite"]>) => ({
  ...(rewrite.uri === undefined ? {} : { uri: rewrite.uri }),
  ...(rewrite.authority === undefined ? {} : { authority: rewrite.authority }),
});

/** Where requests go; what isn't there is said. */
function compileTarget(destination: Destination, path: string, place: Place): Omit<DestinationEntry, "weight"> {
  const service = resolveHost(destination.host, place.namespace);
  const entry = place.findService(service);
  const { subset } = destination;
  const port = destination.port?.number;
  if (entry === undefined) {
    place.report(`${path}.host`, destination.host, "a Service that exists", "requests get 503 until then");
  } else {
    if (subset !== undefined && entry.subsets?.[subset] === undefined) {
      place.report(`${path}.subset`, subset, `a subset in a DestinationRule for ${destination.host}`);
    }
    if (port !== undefined && !entry.ports.some(({ number }) => number === port)) {
      const known = entry.ports.map(({ number }) => number).join(", ");
      place.report(`${path}.port.number`, String(port), `a port of the Service (${known})`);
    }
  }
  return { service, ...(subset === undefined ? {} : { subset }), ...(port === undefined ? {} : { port }) };
}

function compileDestinations(routes: readonly HttpRouteDestination[], place: Place): DestinationEntry[] {
  const alone = routes.length === 1;
  const destinations = routes.map(({ destination, weight, ...rest }, index): DestinationEntry => {
    const path = `${place.path}.route[${index}]`;
    refuseUnknown(rest, [], path, place.report);
    return {
      ...compileTarget(destination, `${path}.destination`, place),
      weight: Math.max(0, weight ?? (alone ? 100 : 0)),
    };
  });
  if (destinations.length > 0 && destinations.every(({ weight }) => weight === 0)) {
    place.report(`${place.path}.route`, "weights that are all 0", "a weight above 0", "requests get 503 until then");
  }
  return destinations;
}

const matchFields = ["name", "uri", "method", "headers", "queryParams", "withoutHeaders", "ignoreUriCase"];

function compileMatch(block: NonNullable<HttpRoute["match"]>[number], path: string, report: Report): HttpMatchEntry {
  refuseUnknown(block, matchFields, path, report);
  const uri = block.uri && compileString(block.uri, `${path}.uri`, report);
  const method = block.method && compileString(block.method, `${path}.method`, report);
  const many = (entries: Readonly<Record<string, IstioStringMatch>> | undefined, field: string, lower: boolean) =>
    entries === undefined
      ? {}
      : {
          [field]: Object.fromEntries(
            Object.entries(entries).map(([name, match]) => [
              lower ? name.toLowerCase() : name,
              Object.keys(match).length === 0 ? "present" : compileString(match, `${path}.${field}.${name}`, report),
            ]),
          ),
        };
  return {
    ...(uri === undefined ? {} : { uri }),
    ...(block.ignoreUriCase === true ? { ignoreUriCase: true as const } : {}),
    ...(method === undefined ? {} : { method }),
    ...many(block.headers, "headers", true),
    ...many(block.withoutHeaders, "withoutHeaders", true),
    ...many(block.queryParams, "queryParams", false),
  };
}

/** A pattern that can't be compiled matches nothing: a route must not widen by a mistake. */
function compileString(match: IstioStringMatch, path: string, report: Report): StringMatchEntry {
  if (match.exact !== undefined) return { exact: match.exact };
  if (match.prefix !== undefined) return { prefix: match.prefix };
  const pattern = match.regex;
  if (pattern === undefined) {
    report(path, "nothing", "exact, prefix or regex", "matches nothing until then");
    return { regex: "[^\\s\\S]" };
  }
  try {
    RE2JS.compile(pattern);
    return { regex: pattern };
  } catch (cause) {
    report(`${path}.regex`, pattern, `an RE2 pattern (${cause instanceof Error ? cause.message : String(cause)})`);
    return { regex: "[^\\s\\S]" };
  }
}

function compileRedirect(redirect: NonNullable<HttpRoute["redirect"]>, path: string, report: Report): RedirectEntry {
  refuseUnknown(redirect, ["uri", "authority", "scheme", "port", "redirectCode"], path, report);
  const { uri, authority, scheme, port, redirectCode } = redirect;
  const codes = [301, 302, 303, 307, 308];
  if (redirectCode !== undefined && !codes.includes(redirectCode)) {
    report(`${path}.redirectCode`, String(redirectCode), codes.join(", "), "301 is used");
  }
  return {
    ...(uri === undefined ? {} : { uri }),
    ...(authority === undefined ? {} : { authority }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(port === undefined ? {} : { port }),
    code: redirectCode !== undefined && codes.includes(redirectCode) ? redirectCode : 301,
  };
}
