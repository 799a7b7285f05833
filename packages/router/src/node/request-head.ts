import {
  type FieldSpan,
  isText,
  isToken,
  isWord,
  known,
  knownField,
  parseLength,
  scanField,
  withoutFields,
} from "./fields.ts";

export interface RequestHead {
  readonly method: string;
  /** Path and query as they came, or `*`. */
  readonly target: string;
  readonly minorVersion: 0 | 1;
  readonly host: string;
  /** Bytes of body to come; 0 for none, -1 where it is chunked. */
  readonly length: number;
  readonly keepAlive: boolean;
  /** Every end-to-end field line but Host and those that are written anew. */
  readonly lines: string;
  /** The whole head, for the rare look at one more field. */
  readonly text: string;
  readonly cookie: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly hasForwardedProto: boolean;
  readonly hasForwardedHost: boolean;
  readonly hasRequestId: boolean;
  /** The protocols that the client would rather speak, such as `websocket`. */
  readonly upgrade: string | undefined;
}

export interface Refusal {
  readonly code: number;
  readonly reason: string;
}

const span: FieldSpan = { nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0 };
const maxFields = 256;

/** A whole head, its empty line included, as latin1. A Refusal says which answer a client gets instead. */
export function parseRequestHead(text: string): RequestHead | Refusal {
  const methodEnd = tokenEnd(text);
  if (methodEnd === 0 || methodEnd > 32 || text.charCodeAt(methodEnd) !== 0x20) return bad("malformed request line");
  let at = methodEnd + 1;
  const targetStart = at;
  let code = text.charCodeAt(at);
  while (code > 0x20 && code !== 0x7f) code = text.charCodeAt(++at);
  if (code !== 0x20 || at === targetStart) return bad("malformed request line");
  const targetEnd = at;
  if (!text.startsWith("HTTP/", at + 1)) return bad("malformed request line");
  const version = text.substring(at + 6, at + 9);
  if (text.charCodeAt(at + 9) !== 0x0d || text.charCodeAt(at + 10) !== 0x0a) return bad("malformed request line");
  if (version !== "1.1" && version !== "1.0")
    return { code: 505, reason: "only HTTP/1.1 and HTTP/1.0 are spoken here" };
  const minorVersion = version === "1.1" ? 1 : 0;
  at += 11;

  let host: string | undefined;
  let length: number | undefined;
  let chunked = false;
  let close = minorVersion === 0;
  let nominated: string | undefined;
  let upgrade: string | undefined;
  let wantsTrailers = false;
  let cookie: string | undefined;
  let forwardedFor: string | undefined;
  let hasForwardedProto = false;
  let hasForwardedHost = false;
  let hasRequestId = false;
  let lines = "";
  let keptFrom = at;
  let fields = 0;
  while (text.charCodeAt(at) !== 0x0d) {
    if (!scanField(text, at, span)) return bad("malformed header field");
    if (++fields > maxFields) return { code: 431, reason: `more than ${maxFields} header fields` };
    const { nameEnd, valueStart, valueEnd, next } = span;
    const field = knownField(text, at, nameEnd);
    let isKept = true;
    switch (field) {
      case known.other:
        break;
      case known.host:
        if (host !== undefined) return bad("more than one Host");
        host = text.substring(valueStart, valueEnd);
        isKept = false;
        break;
      case known.contentLength:
        if (length !== undefined) return bad("more than one Content-Length");
        length = parseLength(text, valueStart, valueEnd);
        if (length === undefined) return bad("Content-Length is no number");
        break;
      case known.transferEncoding:
        if (chunked) return bad("more than one Transfer-Encoding");
        if (!isWord(text, valueStart, valueEnd, "chunked")) {
          return { code: 501, reason: "the only Transfer-Encoding known here is chunked" };
        }
        chunked = true;
        break;
      case known.connection: {
        isKept = false;
        if (isWord(text, valueStart, valueEnd, "keep-alive")) close = close && minorVersion === 1;
        else if (isWord(text, valueStart, valueEnd, "close")) close = true;
        else {
          const value = text.substring(valueStart, valueEnd).toLowerCase();
          nominated = nominated === undefined ? value : `${nominated},${value}`;
        }
        break;
      }
      case known.upgrade:
        isKept = false;
        upgrade = text.substring(valueStart, valueEnd);
        break;
      case known.te:
        isKept = false;
        wantsTrailers = /(^|,)\s*trailers\s*(,|$)/i.test(text.substring(valueStart, valueEnd));
        break;
      case known.keepAlive:
      case known.proxyConnection:
      case known.http2Settings:
        isKept = false;
        break;
      case known.expect:
        if (!isWord(text, valueStart, valueEnd, "100-continue")) {
          return { code: 417, reason: "the only expectation known here is 100-continue" };
        }
        isKept = minorVersion === 1;
        break;
      case known.forwardedFor: {
        isKept = false;
        const value = text.substring(valueStart, valueEnd);
        forwardedFor = forwardedFor === undefined ? value : `${forwardedFor}, ${value}`;
        break;
      }
      case known.forwardedProto:
        hasForwardedProto = true;
        break;
      case known.forwardedHost:
        hasForwardedHost = true;
        break;
      case known.requestId:
        hasRequestId = true;
        break;
      case known.cookie: {
        const value = text.substring(valueStart, valueEnd);
        cookie = cookie === undefined ? value : `${cookie}; ${value}`;
        break;
      }
    }
    if (!isKept) {
      if (keptFrom < at) lines += text.substring(keptFrom, at);
      keptFrom = next;
    }
    at = next;
  }
  if (at + 2 !== text.length) return bad("malformed header field");
  if (keptFrom < at) lines += text.substring(keptFrom, at);

  if (chunked && length !== undefined) return bad("both Content-Length and Transfer-Encoding");
  if (chunked && minorVersion === 0) return bad("Transfer-Encoding in HTTP/1.0");
  if (nominated !== undefined) {
    const options = new Set(nominated.split(",").map((option) => option.trim()));
    if (options.has("close")) close = true;
    else if (options.has("keep-alive")) close = false;
    if (options.has("host") || options.has("content-length") || options.has("transfer-encoding")) {
      return bad("Connection names a field that is not hop-by-hop");
    }
    // HTTP/2 by an upgrade is what browsers and RFC 9113 gave up: the request is answered in the version it came in.
    if (!options.has("upgrade") || upgrade?.toLowerCase() === "h2c" || minorVersion === 0) upgrade = undefined;
    lines = withoutFields(lines, options);
  } else upgrade = undefined;
  if (wantsTrailers) lines += "TE: trailers\r\n";

  let target = text.substring(targetStart, targetEnd);
  const method = text.substring(0, methodEnd);
  if (target.charCodeAt(0) !== 0x2f && !(target === "*" && method === "OPTIONS")) {
    const absolute = /^https?:\/\/([^/?#]*)([^#]*)$/i.exec(target);
    if (absolute === null) {
      if (method === "CONNECT") return { code: 501, reason: "this router is no tunnel" };
      return bad("the request target is neither a path nor an http URL");
    }
    // The target's own authority goes before Host: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    host = absolute[1] ?? "";
    const rest = absolute[2] ?? "";
    target = rest.startsWith("/") ? rest : `/${rest}`;
  }
  if (host === undefined) {
    if (minorVersion === 1) return bad("no Host");
    host = "";
  }
  if (!isHost(host)) return bad("malformed Host");
  return {
    method,
    target,
    minorVersion,
    host,
    length: chunked ? -1 : (length ?? 0),
    keepAlive: !close,
    lines,
    text,
    cookie,
    forwardedFor,
    hasForwardedProto,
    hasForwardedHost,
    hasRequestId,
    upgrade,
  };
}

export const isRefusal = (head: RequestHead | Refusal): head is Refusal => "reason" in head;

const bad = (reason: string): Refusal => ({ code: 400, reason });

function tokenEnd(text: string): number {
  let at = 0;
  while (isToken(text.charCodeAt(at))) at++;
  return at;
}

/** No userinfo, path, or anything else that two readers may cut differently. */
function isHost(host: string): boolean {
  for (let at = 0; at < host.length; at++) {
    const code = host.charCodeAt(at);
    const isFine =
      (code >= 0x61 && code <= 0x7a) ||
      (code >= 0x41 && code <= 0x5a) ||
      (code >= 0x30 && code <= 0x3a) ||
      (code !== 0x40 &&
        code !== 0x2f &&
        code !== 0x3f &&
        code !== 0x23 &&
        code !== 0x5c &&
        code !== 0x2c &&
        isText(code) &&
        code > 0x20 &&
        code < 0x7f);
    if (!isFine) return false;
  }
  return true;
}
