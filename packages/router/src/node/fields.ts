/**
 * HTTP/1.1 fields, strictly: CRLF only, no space before the colon, no folding, no control characters.
 * What two parsers could read differently is refused, since that is how requests are smuggled.
 * https://www.rfc-editor.org/rfc/rfc9112#section-5
 */
const isTokenCharacter = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  isTokenCharacter[character.charCodeAt(0)] = 1;
}
const isValueCharacter = new Uint8Array(256).fill(1, 0x20);
isValueCharacter[0x09] = 1;
isValueCharacter[0x7f] = 0;

export const isToken = (code: number): boolean => isTokenCharacter[code] === 1;
export const isText = (code: number): boolean => isValueCharacter[code] === 1;

/** One field line within a head's text; written over by each scan. */
export interface FieldSpan {
  nameEnd: number;
  valueStart: number;
  valueEnd: number;
  next: number;
}

/** Reads the field line at `from`; false where it is malformed. `text` is latin1 and ends in an empty line. */
export function scanField(text: string, from: number, span: FieldSpan): boolean {
  let at = from;
  while (isTokenCharacter[text.charCodeAt(at)] === 1) at++;
  if (at === from || text.charCodeAt(at) !== 0x3a) return false;
  span.nameEnd = at++;
  let code = text.charCodeAt(at);
  while (code === 0x20 || code === 0x09) code = text.charCodeAt(++at);
  span.valueStart = at;
  while (isValueCharacter[code] === 1) code = text.charCodeAt(++at);
  if (code !== 0x0d || text.charCodeAt(at + 1) !== 0x0a) return false;
  span.next = at + 2;
  while (at > span.valueStart && (text.charCodeAt(at - 1) === 0x20 || text.charCodeAt(at - 1) === 0x09)) at--;
  span.valueEnd = at;
  return true;
}

/** The fields that a forwarder has to know, by a small number so that a switch on them is a jump. */
export const known = {
  other: 0,
  connection: 1,
  contentLength: 2,
  transferEncoding: 3,
  host: 4,
  expect: 5,
  upgrade: 6,
  keepAlive: 7,
  proxyConnection: 8,
  te: 9,
  forwardedFor: 10,
  forwardedProto: 11,
  forwardedHost: 12,
  requestId: 13,
  cookie: 14,
  http2Settings: 15,
} as const;

const names: Readonly<Record<string, number>> = {
  connection: known.connection,
  "content-length": known.contentLength,
  "transfer-encoding": known.transferEncoding,
  host: known.host,
  expect: known.expect,
  upgrade: known.upgrade,
  "keep-alive": known.keepAlive,
  "proxy-connection": known.proxyConnection,
  te: known.te,
  "x-forwarded-for": known.forwardedFor,
  "x-forwarded-proto": known.forwardedProto,
  "x-forwarded-host": known.forwardedHost,
  "x-request-id": known.requestId,
  cookie: known.cookie,
  "http2-settings": known.http2Settings,
};
const byName = new Map(Object.entries(names));

/** Length and first letter rule nearly every other field out before a string is made. */
const maybeKnown = new Uint8Array(32 * 256);
for (const name of byName.keys()) maybeKnown[name.length * 256 + name.charCodeAt(0)] = 1;

export function knownField(text: string, from: number, end: number): number {
  const length = end - from;
  if (length > 17 || maybeKnown[length * 256 + (text.charCodeAt(from) | 0x20)] !== 1) return known.other;
  return byName.get(text.substring(from, end).toLowerCase()) ?? known.other;
}

/** A Content-Length's value; undefined where it isn't plain digits, or beyond what a number can count. */
export function parseLength(text: string, from: number, end: number): number | undefined {
  if (end === from || end - from > 15) return undefined;
  let length = 0;
  for (let at = from; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    length = length * 10 + digit;
  }
  return length;
}

export const isWord = (text: string, from: number, end: number, word: string): boolean =>
  end - from === word.length && text.substring(from, end).toLowerCase() === word;

/** All values of a field of a head, joined by a comma; undefined where it isn't there. `name` in lower case. */
export function fieldValue(text: string, name: string): string | undefined {
  const span: FieldSpan = { nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0 };
  let value: string | undefined;
  for (let at = text.indexOf("\r\n") + 2; text.charCodeAt(at) !== 0x0d; at = span.next) {
    if (!scanField(text, at, span)) return value;
    if (!isWord(text, at, span.nameEnd, name)) continue;
    const one = text.substring(span.valueStart, span.valueEnd);
    value = value === undefined ? one : `${value},${one}`;
  }
  return value;
}

/** The lines of a head from `from` on without those fields. `names` in lower case. */
export function withoutFields(lines: string, names: ReadonlySet<string>): string {
  const span: FieldSpan = { nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0 };
  let kept = "";
  for (let at = 0; at < lines.length && scanField(lines, at, span); at = span.next) {
    if (!names.has(lines.substring(at, span.nameEnd).toLowerCase())) kept += lines.substring(at, span.next);
  }
  return kept;
}
