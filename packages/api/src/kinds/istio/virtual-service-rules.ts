import type { Violation } from "@sluice/kernel";
import { goDurationMillis } from "../../schema/formats.ts";
import { patternOf } from "../../schema/pattern.ts";
import { show } from "../../schema/show.ts";
import { doubled, doubles, exactlyOne, invalid, missing } from "../rules.ts";
import type {
  HeaderOperations,
  HttpFaultInjection,
  HttpMatchRequest,
  HttpRoute,
  PercentValue,
  StringMatch,
  VirtualService,
} from "./virtual-service.ts";

/** Rules of Istio's pkg/config/validation. */
export function checkVirtualService({ spec }: VirtualService): readonly Violation[] {
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
    if (route.fault !== undefined) {
      violations.push(invalid({ path, found: "fault and redirect", expected: "one of them" }));
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
  violations.push(...checkMirrors(route, path));
  for (const part of ["request", "response"] as const) {
    violations.push(...checkHeaderOperations(route.headers?.[part] ?? {}, `${path}.headers.${part}`));
  }
  if (route.fault !== undefined) violations.push(...checkFault(route.fault, `${path}.fault`));
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

function checkMirrors(route: HttpRoute, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  if (route.mirror !== undefined && (route.mirrors ?? []).length > 0) {
    violations.push(invalid({ path, found: "mirror and mirrors", expected: "one of them" }));
  }
  for (const name of ["mirrorPercent", "mirror_percent"] as const) {
    const percent = route[name] ?? 0;
    if (percent > 100) {
      violations.push(invalid({ path: `${path}.${name}`, found: String(percent), expected: "0 to 100" }));
    }
  }
  const value = route.mirrorPercentage?.value ?? 0;
  if (value > 100) {
    violations.push(invalid({ path: `${path}.mirrorPercentage.value`, found: String(value), expected: "0 to 100" }));
  }
  for (const [index, { destination, percentage }] of (route.mirrors ?? []).entries()) {
    const at = `${path}.mirrors[${index}]`;
    if (destination === undefined) violations.push(missing(`${at}.destination`, "who gets the copies"));
    violations.push(...checkPercentage(percentage, `${at}.percentage`));
  }
  return violations;
}

/** What says where a message ends, or is about one connection alone, isn't a rule's to change. */
const fixedHeaders = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function checkHeaderOperations({ set, add, remove }: HeaderOperations, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  const checkName = (name: string, at: string): void => {
    const isHost = name.toLowerCase() === "host" || name === ":authority";
    const isFine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) && !fixedHeaders.has(name.toLowerCase());
    if (isHost ? at.startsWith(`${path}.set`) && path.endsWith("request") : isFine) return;
    const expected = isHost ? "rewrite.authority" : "a header's name, none that frames the message";
    violations.push(invalid({ path: at, found: show(name), expected }));
  };
  for (const [part, values] of [
    ["set", set],
    ["add", add],
  ] as const) {
    for (const [name, value] of Object.entries(values ?? {})) {
      const at = `${path}.${part}[${name}]`;
      checkName(name, at);
      if (/%(?!%)/.test(value.replaceAll("%%", ""))) {
        const repair = "not supported yet: substitutions, use a fixed text; a percent sign is written %%";
        violations.push({ ...invalid({ path: at, found: show(value), expected: "a text without %" }), repair });
      } else if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
        violations.push(invalid({ path: at, found: show(value), expected: "one line of a header's characters" }));
      }
    }
  }
  for (const [index, name] of (remove ?? []).entries()) checkName(name, `${path}.remove[${index}]`);
  return violations;
}

function checkFault({ abort, delay }: HttpFaultInjection, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  if (abort === undefined && delay === undefined) {
    violations.push(missing(path, "abort or delay"));
  }
  if (abort !== undefined) {
    violations.push(...checkPercentage(abort.percentage, `${path}.abort.percentage`));
    const { httpStatus = 0, grpcStatus, http2Error } = abort;
    const isOther = grpcStatus !== undefined || http2Error !== undefined;
    if (isOther) return violations;
    if (httpStatus < 200 || httpStatus > 599) {
      violations.push(invalid({ path: `${path}.abort.httpStatus`, found: String(httpStatus), expected: "200 to 599" }));
    }
  }
  if (delay !== undefined) {
    violations.push(...checkPercentage(delay.percentage, `${path}.delay.percentage`));
    const millis = delay.fixedDelay === undefined ? undefined : goDurationMillis(delay.fixedDelay);
    if (millis === undefined || millis < 1) {
      violations.push(
        invalid({ path: `${path}.delay.fixedDelay`, found: show(delay.fixedDelay), expected: "at least 1ms" }),
      );
    }
  }
  return violations;
}

/** Finer than a millionth isn't told apart. */
function checkPercentage(percentage: PercentValue | undefined, path: string): readonly Violation[] {
  const value = percentage?.value ?? 0;
  if (value === 0 || (value >= 0.0001 && value <= 100)) return [];
  return [invalid({ path: `${path}.value`, found: String(value), expected: "0, or 0.0001 to 100" })];
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
