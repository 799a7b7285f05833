import { bucketOf } from "@sluice/kernel";
import type { RouteRequest } from "../match.ts";
import type { Route } from "../routing.ts";
import { cookieValue, stickyChoice } from "../sticky.ts";
import type { RedirectEntry } from "../table.ts";
import { fieldValue } from "./fields.ts";
import type { RequestHead } from "./request-head.ts";
import { makeRequestId } from "./shared-state.ts";
import type { RoutedBackend } from "./upstream.ts";

/** A head as routes look at it. */
export function routeRequest(head: RequestHead, path: string, query: string): RouteRequest {
  return { method: head.method, path, query, header: (name) => fieldOf(head, name) };
}

const fieldOf = (head: RequestHead, name: string): string | undefined => fieldValue(head.text, name);

/**
 * A path without `.` and `..` segments, also where they are escaped: else `/public/../admin` would be matched as
 * one thing and served as another. https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
 */
export function normalPath(path: string): string {
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
export function redirectLocation(redirect: RedirectEntry, head: RequestHead, path: string, query: string): string {
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
