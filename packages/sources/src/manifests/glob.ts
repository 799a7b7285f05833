import { Fault } from "@sluice/kernel";

const alternativesMax = 256;

/**
 * Compiles a glob of `directory.include` or `directory.exclude` as Argo CD's: `*` and `**` match any text (`/` too),
 * `?` one character, `[a-z]`, `[!a]`, `{a,b}`, `\` escapes. Linear in time, whatever the pattern.
 */
export function compileGlob(pattern: string): (path: string) => boolean {
  const alternatives = expandBraces(pattern).map(tokensOf);
  return (path) => alternatives.some((tokens) => matches(tokens, [...path]));
}

type Token =
  | { readonly is: "any" }
  | { readonly is: "one" }
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "class"; readonly isNegated: boolean; readonly ranges: readonly (readonly [string, string])[] };

function expandBraces(pattern: string): string[] {
  const open = findUnescaped(pattern, "{", 0);
  if (open === -1) return [pattern];
  const cuts = [open];
  let depth = 0;
  let close = -1;
  for (let at = open; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "\\") at++;
    else if (character === "{") depth++;
    else if (character === "," && depth === 1) cuts.push(at);
    else if (character === "}" && --depth === 0) {
      close = at;
      break;
    }
  }
  if (close === -1) throw refused(pattern, "a `}` for each `{`");
  cuts.push(close);
  const heads = cuts.slice(0, -1).map((cut, index) => pattern.slice(cut + 1, cuts[index + 1]));
  const expanded = heads.flatMap((choice) => expandBraces(pattern.slice(0, open) + choice + pattern.slice(close + 1)));
  if (expanded.length > alternativesMax) throw refused(pattern, `at most ${alternativesMax} alternatives`);
  return expanded;
}

function findUnescaped(text: string, wanted: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === wanted) return at;
  }
  return -1;
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === "*") {
      if (tokens.at(-1)?.is !== "any") tokens.push({ is: "any" });
    } else if (character === "?") tokens.push({ is: "one" });
    else if (character === "\\") tokens.push({ is: "text", text: characters[++at] ?? "\\" });
    else if (character === "[") {
      const close = characters.indexOf("]", at + 2);
      if (close === -1) throw refused(pattern, "a `]` for each `[`");
      tokens.push(classOf(characters.slice(at + 1, close)));
      at = close;
    } else tokens.push({ is: "text", text: character });
  }
  return tokens;
}

function classOf(characters: readonly string[]): Token {
  const isNegated = characters[0] === "!" || characters[0] === "^";
  const ranges: (readonly [string, string])[] = [];
  for (let at = isNegated ? 1 : 0; at < characters.length; at++) {
    const low = characters[at] as string;
    if (characters[at + 1] === "-" && characters[at + 2] !== undefined) {
      ranges.push([low, characters[at + 2] as string]);
      at += 2;
    } else ranges.push([low, low]);
  }
  return { is: "class", isNegated, ranges };
}

// Greedy with one place to come back to: the last `any`. https://research.swtch.com/glob
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let backToken = -1;
  let backAt = 0;
  while (at < text.length || token < tokens.length) {
    const current = tokens[token];
    if (current?.is === "any") {
      backToken = token++;
      backAt = at;
      continue;
    }
    if (current !== undefined && at < text.length && matchesOne(current, text[at] as string)) {
      token++;
      at++;
      continue;
    }
    if (backToken === -1 || backAt >= text.length) return false;
    token = backToken + 1;
    at = ++backAt;
  }
  return true;
}

function matchesOne(token: Token, character: string): boolean {
  switch (token.is) {
    case "any":
    case "one":
      return true;
    case "text":
      return token.text === character;
    case "class":
      return token.ranges.some(([low, high]) => low <= character && character <= high) !== token.isNegated;
  }
}

const refused = (pattern: string, expected: string): Fault =>
  new Fault("invalid", `glob ${JSON.stringify(pattern.slice(0, 120))}: expected ${expected}`);
