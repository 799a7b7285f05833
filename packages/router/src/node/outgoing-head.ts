import type { HeaderChanges } from "../table.ts";
import { withoutFields } from "./fields.ts";
import type { RequestHead } from "./request-head.ts";
import { makeRequestId } from "./shared-state.ts";

export interface Sender {
  readonly address: string;
  /** The field line for a request that hasn't been forwarded before. */
  readonly forwardedFor: string;
}

/** The head that a backend gets, its empty line included. */
export function outgoingHead(
  head: RequestHead,
  target: string,
  authority: string | undefined,
  sender: Sender,
  changes: HeaderChanges | undefined,
): string {
  const forwardedFor =
    head.forwardedFor === undefined
      ? sender.forwardedFor
      : `X-Forwarded-For: ${head.forwardedFor}, ${sender.address}\r\n`;
  let lines = head.lines + forwardedFor;
  if (!head.hasForwardedProto) lines += "X-Forwarded-Proto: http\r\n";
  if (!head.hasForwardedHost) lines += `X-Forwarded-Host: ${head.host}\r\n`;
  if (!head.hasRequestId) lines += `X-Request-Id: ${makeRequestId()}\r\n`;
  let host = authority ?? head.host;
  if (changes !== undefined) {
    host = changes.set?.host ?? host;
    lines = changedFields(lines, changes);
  }
  if (head.upgrade !== undefined) lines += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  return `${head.method} ${target} HTTP/1.1\r\nHost: ${host === "" ? "localhost" : host}\r\n${lines}\r\n`;
}

/** Field lines after a route's changes: what is taken away goes first, as in Envoy's HeaderParser. */
export function changedFields(lines: string, { set = {}, add = {}, remove = [] }: HeaderChanges): string {
  const gone = new Set([...remove, ...Object.keys(set)]);
  let changed = gone.size === 0 ? lines : withoutFields(lines, gone);
  for (const [name, value] of [...Object.entries(set), ...Object.entries(add)]) {
    if (name !== "host") changed += `${name}: ${value}\r\n`;
  }
  return changed;
}

/**
 * The same head for a mirror: its host says so, and it waits for no permission to send its body.
 * https://github.com/envoyproxy/envoy/blob/main/source/common/router/shadow_writer_impl.cc
 */
export function mirrorHead(head: string): string {
  const start = head.indexOf("\r\n") + "\r\nHost: ".length;
  const end = head.indexOf("\r\n", start);
  const host = head.slice(start, end).replace(/(:\d+)?$/, "-shadow$1");
  return `${head.slice(0, start)}${host}\r\n${withoutFields(head.slice(end + 2), expectation)}\r\n`;
}

const expectation: ReadonlySet<string> = new Set(["expect"]);
