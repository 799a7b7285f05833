import { utf8 } from "@sluice/kernel";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Of the text's UTF-8 bytes; pure rooms have no encoder. */
export function base64(text: string): string {
  const data = utf8(text);
  let out = "";
  for (let at = 0; at < data.length; at += 3) {
    const [a = 0, b = 0, c = 0] = data.subarray(at, at + 3);
    const left = data.length - at;
    out += alphabet.charAt(a >> 2) + alphabet.charAt(((a & 3) << 4) | (b >> 4));
    out += left > 1 ? alphabet.charAt(((b & 15) << 2) | (c >> 6)) : "=";
    out += left > 2 ? alphabet.charAt(c & 63) : "=";
  }
  return out;
}
