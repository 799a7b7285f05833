import { RE2JS } from "re2js";
import type { HttpMatchEntry, StringMatchEntry } from "./table.ts";

/** What a route may look at. */
export interface RouteRequest {
  readonly method: string;
  /** The path without its query, as it came. */
  readonly path: string;
  /** What follows the question mark, or nothing. */
  readonly query: string;
  /** By lower-case name; several values joined by a comma. */
  header(name: string): string | undefined;
}

export type RequestTest = (request: RouteRequest) => boolean;

/** All conditions of one match block; https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest */
export function requestTest(entry: HttpMatchEntry): RequestTest {
  const tests: RequestTest[] = [];
  if (entry.uri !== undefined) {
    const ignoreCase = entry.ignoreUriCase === true && !("regex" in entry.uri);
    const uri = textTest(ignoreCase ? lowerCase(entry.uri) : entry.uri);
    tests.push(ignoreCase ? (request) => uri(request.path.toLowerCase()) : (request) => uri(request.path));
  }
  if (entry.method !== undefined) {
    const method = textTest(entry.method);
    tests.push((request) => method(request.method));
  }
  for (const [name, wanted] of Object.entries(entry.headers ?? {})) {
    const test = valueTest(wanted);
    tests.push((request) => test(request.header(name)));
  }
  for (const [name, refused] of Object.entries(entry.withoutHeaders ?? {})) {
    const test = valueTest(refused);
    tests.push((request) => !test(request.header(name)));
  }
  for (const [name, wanted] of Object.entries(entry.queryParams ?? {})) {
    const test = valueTest(wanted);
    tests.push((request) => test(queryParameter(request.query, name)));
  }
  return (request) => tests.every((test) => test(request));
}

const lowerCase = (match: StringMatchEntry): StringMatchEntry =>
  "exact" in match
    ? { exact: match.exact.toLowerCase() }
    : "prefix" in match
      ? { prefix: match.prefix.toLowerCase() }
      : match;

function valueTest(wanted: StringMatchEntry | "present"): (value: string | undefined) => boolean {
  if (wanted === "present") return (value) => value !== undefined;
  const test = textTest(wanted);
  return (value) => value !== undefined && test(value);
}

function textTest(match: StringMatchEntry): (text: string) => boolean {
  if ("exact" in match) return (text) => text === match.exact;
  if ("prefix" in match) return (text) => text.startsWith(match.prefix);
  const pattern = RE2JS.compile(match.regex);
  return (text) => pattern.matches(text);
}

/** The first value of a parameter, as it stands in the query: Envoy compares without decoding. */
export function queryParameter(query: string, name: string): string | undefined {
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    if ((equals < 0 ? pair : pair.slice(0, equals)) === name) return equals < 0 ? "" : pair.slice(equals + 1);
  }
  return undefined;
}

/** The path after a rewrite: the matched prefix is replaced, or, after any other match, the whole path. */
export function rewritePath(path: string, uri: string, matched: HttpMatchEntry | undefined): string {
  const prefix = matched?.uri === undefined ? "/" : "prefix" in matched.uri ? matched.uri.prefix : undefined;
  return prefix === undefined ? uri : uri + path.slice(prefix.length);
}
