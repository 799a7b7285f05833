import { bucketOf } from "@sluice/kernel";
import { type RouteRequest, rewritePath } from "../match.ts";
import { chooseRoute, type Route, type VirtualHost } from "../route.ts";
import { cookieValue, stickyChoice } from "../sticky.ts";
import type { RedirectEntry } from "../table.ts";
import { fieldValue } from "./fields.ts";
import type { LocalAnswer } from "./local-answer.ts";
import type { RequestHead } from "./request-head.ts";
import { makeRequestId } from "./shared-state.ts";
import type { RoutedBackend } from "./upstream.ts";

/** A route, and what it asks its backend for. */
export interface Target {
  readonly route: Route<RoutedBackend>;
  readonly target: string;
}

/** The host's route for a request, or the answer where it has none or redirects. */
export function findTarget(host: VirtualHost<RoutedBackend>, head: RequestHead): Target | LocalAnswer {
  if (host.always !== undefined && !needsPath(host.always.route)) {
    return { route: host.always.route, target: head.target };
  }
  const question = head.target.indexOf("?");
  const path = normalPath(question < 0 ? head.target : head.target.slice(0, question));
  const query = question < 0 ? "" : head.target.slice(question + 1);
  const chosen = chooseRoute(host, routeRequest(head, path, query));
  if (chosen === undefined) return noRoute;
  const { route, matched } = chosen;
  const { redirect, rewrite } = route.entry;
  if (redirect !== undefined) {
    const location = redirectLocation(redirect, head, path, query);
    return { code: redirect.code, error: "Redirect", message: location, lines: `Location: ${location}\r\n` };
  }
  const newPath = rewrite?.uri === undefined ? path : rewritePath(path, rewrite.uri, matched);
  return { route, target: question < 0 ? newPath : `${newPath}?${query}` };
}

const needsPath = (route: Route<RoutedBackend>): boolean =>
  route.entry.redirect !== undefined || route.entry.rewrite?.uri !== undefined;

const noRoute: LocalAnswer = { code: 404, error: "NoRoute", message: "no route of this host matches the request" };

/** A head as routes look at it. */
function routeRequest(head: RequestHead, path: string, query: string): RouteRequest {
  return { method: head.method, path, query, header: (name) => fieldOf(head, name) };
}

const fieldOf = (head: RequestHead, name: string): string | undefined => fieldValue(head.text, name);

/**
 * A path without `.` and `..` segments, also where they are escaped: else `/public/../admin` would be matched as
 * one thing and served as another. https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
 */
function normalPath(path: string): string {
  if (!path.includes("/.") && !/\/%2e/i.test(path)) return path;
  const kept: string[] = [];
  const segments = path.split("/");
  for (const [place, segment] of segments.entries()) {
    const plain = segment.replace(/%2e/gi, ".");
    const isLast = place === segments.length - 1;
    if (plain === "..") {
      if (kept.length > 1) kept.pop();
      if (isLast) kept.push("");
    } else if (plain === ".") {
      if (isLast) kept.push("");
    } else kept.push(segment);
  }
  return kept.join("/");
}

/** Where a redirect sends to. */
function redirectLocation(redirect: RedirectEntry, head: RequestHead, path: string, query: string): string {
  const scheme = redirect.scheme ?? fieldOf(head, "x-forwarded-proto") ?? "http";
  const host = redirect.authority ?? head.host;
  const authority = redirect.port === undefined ? host : `${host.replace(/:\d+$/, "")}:${redirect.port}`;
  return `${scheme}://${authority}${redirect.uri ?? path}${query === "" ? "" : `?${query}`}`;
}

export const stickyValue = (route: Route<RoutedBackend>, head: RequestHead): string | undefined =>
  route.stickyCookie === undefined || head.cookie === undefined
    ? undefined
    : cookieValue(head.cookie, route.stickyCookie);

/** Expected tries are one over the choice's share; a thousandth of a percent may end elsewhere. */
const maxMints = 20_000;

/** A cookie's value that leads back to the choice that was just made, so that new users come by exact weights. */
export function mintStickyValue(weights: readonly number[], choice: number): string {
  const base = makeRequestId();
  for (let count = 0; count < maxMints; count++) {
    const value = `${base}-${count.toString(36)}`;
    if (stickyChoice(weights, bucketOf(value)) === choice) return value;
  }
  return base;
}
