/** UTF-8 bytes without an encoder: pure rooms have no TextEncoder. Lone surrogates become U+FFFD. */
export function utf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(out);
}

/** FNV-1a, 32 bits. */
export function fnv32a(data: Uint8Array, start = 0x811c9dc5): number {
  let hash = start;
  for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

const safeLetters = "bcdfghjklmnpqrstvwxz2456789";

/** Kubernetes' `rand.SafeEncodeString` of the decimal number: no vowels, so no words. */
export function safeEncode(hash: number): string {
  const decimal = String(hash);
  let text = "";
  for (let place = 0; place < decimal.length; place++) {
    text += safeLetters.charAt(decimal.charCodeAt(place) % safeLetters.length);
  }
  return text;
}

/** A short, stable, DNS-safe name for any text; for ids that must be the same after a crash. */
export const shortHash = (text: string): string => safeEncode(fnv32aOf(text));

/** Of its UTF-8, which for plain text is the text: hashed on each look at a Rollout, it should cost nothing. */
function fnv32aOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code >= 0x80) return fnv32a(utf8(text));
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return hash >>> 0;
}
