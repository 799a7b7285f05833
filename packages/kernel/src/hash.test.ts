import { expect, test } from "vitest";
import { fnv32a, safeEncode, shortHash, utf8 } from "./hash.ts";

test.each(["", "web", "a longer, plain text with {braces}", "naïve", "日本", "🚢 and text", "\ud800"])(
  "%j has the hash of its bytes",
  (text) => {
    expect(shortHash(text)).toBe(safeEncode(fnv32a(utf8(text))));
  },
);
