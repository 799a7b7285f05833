import { utf8 } from "@sluice/kernel";
import { badRequest } from "../refusals.ts";

/** Where the next page begins: the snapshot's revision, and the first row not yet given. */
export interface PageStart {
  readonly revision: number;
  readonly row: string;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Opaque, and safe in a query string without escaping. */
export function encodePageStart({ revision, row }: PageStart): string {
  const data = utf8(JSON.stringify([revision, row]));
  let text = "";
  for (let at = 0; at < data.length; at += 3) {
    const [a = 0, b = 0, c = 0] = data.subarray(at, at + 3);
    const group = (a << 16) | (b << 8) | c;
    const digits = Math.min(3, data.length - at) + 1;
    for (let digit = 0; digit < digits; digit++) text += alphabet[(group >> (18 - 6 * digit)) & 63];
  }
  return text;
}

/** Faults: BadRequest where the token isn't one of ours. */
export function decodePageStart(token: string): PageStart {
  let text = "";
  let bits = 0;
  let pending = 0;
  for (const character of token) {
    const digit = alphabet.indexOf(character);
    if (digit === -1) throw notOurs();
    pending = ((pending << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    text += String.fromCharCode((pending >> bits) & 0xff);
  }
  try {
    const [revision, row]: unknown[] = JSON.parse(text);
    if (typeof revision === "number" && typeof row === "string") return { revision, row };
  } catch {
    // told below
  }
  throw notOurs();
}

const notOurs = () => badRequest("continue key is not valid: pass the token of the previous page as it was given");
