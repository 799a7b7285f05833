/** What makes a JSON text unfit, beyond what JSON.parse refuses. */
export type JsonFinding =
  | { readonly is: "tooDeep"; readonly depth: number }
  /** A key that would reach an object's prototype where it is copied carelessly. */
  | { readonly is: "forbiddenKey"; readonly key: string }
  | { readonly is: "doubledKey"; readonly path: string };

const quote = 0x22;
const backslash = 0x5c;

/**
 * One pass over a text that JSON.parse takes: nesting, doubled keys, forbidden keys. Iterative, so depth costs no stack.
 * Doubled keys are all reported, up to 10; the others end the search.
 */
export function inspectJson(text: string, deepest: number): readonly JsonFinding[] {
  const findings: JsonFinding[] = [];
  /** For each open object its keys, for each open array its index. */
  const open: { readonly keys?: Set<string>; place: string | number }[] = [];
  let at = 0;
  let keyExpected = false;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      const top = open.at(-1);
      if (keyExpected && top?.keys !== undefined) {
        const key = keyText(text, at, end);
        if (key === "__proto__") return [{ is: "forbiddenKey", key }];
        top.place = key;
        if (top.keys.has(key) && findings.length < 10) findings.push({ is: "doubledKey", path: pathOf(open) });
        top.keys.add(key);
        keyExpected = false;
      }
      at = end + 1;
      continue;
    }
    if (code === 0x7b || code === 0x5b) {
      if (open.length >= deepest) return [{ is: "tooDeep", depth: deepest }];
      open.push(code === 0x7b ? { keys: new Set(), place: "" } : { place: 0 });
      keyExpected = code === 0x7b;
    } else if (code === 0x7d || code === 0x5d) {
      open.pop();
      keyExpected = false;
    } else if (code === 0x2c) {
      const top = open.at(-1);
      keyExpected = top?.keys !== undefined;
      if (typeof top?.place === "number") top.place++;
    }
    at++;
  }
  return findings;
}

function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

function keyText(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  return raw.includes("\\") ? String(JSON.parse(text.slice(start, end + 1))) : raw;
}

const pathOf = (open: readonly { place: string | number }[]): string =>
  open.reduce(
    (path, { place }) => (typeof place === "number" ? `${path}[${place}]` : path === "" ? place : `${path}.${place}`),
    "",
  );
