import { type FieldSpan, isText, isWord, known, knownField, parseLength, scanField, withoutFields } from "./fields.ts";

export interface ResponseHead {
  readonly status: number;
  /** From the status on, without the line's end: `200 OK`. */
  readonly statusText: string;
  /** Bytes of body to come; -1 where it is chunked, -2 where it lasts until the connection ends. */
  readonly length: number;
  readonly keepAlive: boolean;
  /** For how long the backend says it keeps an idle connection. */
  readonly keepAliveSeconds: number | undefined;
  /** Every end-to-end field line. */
  readonly lines: string;
}

const span: FieldSpan = { nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0 };

/** A whole head that ends before `end`, its empty line included; undefined where it is malformed. */
export function parseResponseHead(text: string, end: number): ResponseHead | undefined {
  const minor = text.charCodeAt(7) - 0x30;
  if (!text.startsWith("HTTP/1.") || (minor !== 0 && minor !== 1) || text.charCodeAt(8) !== 0x20) return undefined;
  const status = parseLength(text, 9, 12);
  if (status === undefined || status < 100) return undefined;
  let at = 12;
  let code = text.charCodeAt(at);
  if (code !== 0x20 && code !== 0x0d) return undefined;
  while (isText(code)) code = text.charCodeAt(++at);
  if (code !== 0x0d || text.charCodeAt(at + 1) !== 0x0a) return undefined;
  const statusText = text.substring(9, at);
  at += 2;

  let length: number | undefined;
  let chunked = false;
  let close = minor === 0;
  let keepAliveSeconds: number | undefined;
  let nominated: string | undefined;
  let lines = "";
  let keptFrom = at;
  while (text.charCodeAt(at) !== 0x0d) {
    if (!scanField(text, at, span)) return undefined;
    const { nameEnd, valueStart, valueEnd, next } = span;
    let isKept = true;
    switch (knownField(text, at, nameEnd)) {
      case known.contentLength: {
        const value = parseLength(text, valueStart, valueEnd);
        if (value === undefined || (length !== undefined && length !== value)) return undefined;
        isKept = length === undefined;
        length = value;
        break;
      }
      case known.transferEncoding:
        if (chunked || !isWord(text, valueStart, valueEnd, "chunked")) return undefined;
        chunked = true;
        break;
      case known.connection: {
        isKept = false;
        if (isWord(text, valueStart, valueEnd, "keep-alive")) close = false;
        else if (isWord(text, valueStart, valueEnd, "close")) close = true;
        else {
          const value = text.substring(valueStart, valueEnd).toLowerCase();
          nominated = nominated === undefined ? value : `${nominated},${value}`;
        }
        break;
      }
      case known.keepAlive: {
        isKept = false;
        const timeout = /timeout=(\d{1,6})/i.exec(text.substring(valueStart, valueEnd));
        if (timeout !== null) keepAliveSeconds = Number(timeout[1]);
        break;
      }
      case known.proxyConnection:
      case known.upgrade:
        isKept = false;
        break;
      default:
        break;
    }
    if (!isKept) {
      if (keptFrom < at) lines += text.substring(keptFrom, at);
      keptFrom = next;
    }
    at = next;
  }
  if (at + 2 !== end) return undefined;
  if (keptFrom < at) lines += text.substring(keptFrom, at);
  if (chunked && length !== undefined) return undefined;
  if (nominated !== undefined) {
    const options = new Set(nominated.split(",").map((option) => option.trim()));
    if (options.has("close")) close = true;
    for (const field of ["content-length", "transfer-encoding", "close", "keep-alive"]) options.delete(field);
    lines = withoutFields(lines, options);
  }
  return {
    status,
    statusText: statusText.length === 3 ? `${statusText} ` : statusText,
    length: chunked ? -1 : (length ?? -2),
    keepAlive: !close,
    keepAliveSeconds,
    lines,
  };
}
