import { utf8 } from "@sluice/kernel";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The text's UTF-8 in base64: pure rooms have no encoder. */
export function base64OfText(text: string): string {
  const bytes = utf8(text);
  const out: string[] = [];
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b, c] = bytes.subarray(index, index + 3);
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    out.push(
      alphabet.charAt(bits >> 18),
      alphabet.charAt((bits >> 12) & 63),
      b === undefined ? "=" : alphabet.charAt((bits >> 6) & 63),
      c === undefined ? "=" : alphabet.charAt(bits & 63),
    );
  }
  return out.join("");
}
