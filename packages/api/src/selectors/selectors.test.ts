import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatLabelSelector,
  hasReason,
  matchesFields,
  matchesSelector,
  parseFieldSelector,
  parseLabelSelector,
} from "../index.ts";

const labels = { app: "shop", tier: "web", size: "5" };

describe("label selectors", () => {
  const matching: readonly (readonly [string, boolean])[] = [
    ["", true],
    ["app", true],
    ["!app", false],
    ["!canary", true],
    ["app=shop", true],
    ["app==shop", true],
    ["app = shop , tier=web", true],
    ["app!=shop", false],
    ["canary!=yes", true],
    ["tier in (web,api)", true],
    ["tier in (api)", false],
    ["tier notin (api)", true],
    ["canary notin (yes)", true],
    ["canary in (yes)", false],
    ["size>4", true],
    ["size<5", false],
    ["app=", false],
    ["app=shop,!canary,tier in (web, api)", true],
  ];
  for (const [text, expected] of matching) {
    test(`"${text}" ${expected ? "matches" : "doesn't match"}`, () => {
      expect(matchesSelector(text, labels)).toBe(expected);
    });
  }

  for (const text of [
    "=shop",
    "app=shop,",
    "app in web",
    "app in (web",
    "a b",
    "app=a=b",
    "size>big",
    "-app",
    "app=a b",
    "!",
  ]) {
    test(`"${text}" is refused`, () => {
      expect(parseLabelSelector(text)).toHaveProperty("problem");
    });
  }

  test("an absent selector matches nothing, an empty one everything", () => {
    expect(matchesSelector(undefined, labels)).toBe(false);
    expect(matchesSelector({}, labels)).toBe(true);
  });

  test("a malformed text is the caller's mistake", () => {
    expect(() => matchesSelector("a b", labels)).toThrow(/unable to parse/);
    try {
      matchesSelector("a b", labels);
    } catch (thrown) {
      expect(hasReason(thrown, "BadRequest")).toBe(true);
    }
  });

  test("a selector's text means the same as the selector", () => {
    const word = fc.constantFrom("app", "tier", "size", "canary");
    const value = fc.constantFrom("shop", "web", "5", "x");
    const selector = fc.record({
      matchLabels: fc.dictionary(word, value, { maxKeys: 2 }),
      matchExpressions: fc.array(
        fc.oneof(
          fc.record({
            key: word,
            operator: fc.constantFrom("In" as const, "NotIn" as const),
            values: fc.array(value, { minLength: 1, maxLength: 2 }),
          }),
          fc.record({ key: word, operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const) }),
        ),
        { maxLength: 3 },
      ),
    });

    fc.assert(
      fc.property(selector, (made) => {
        expect(matchesSelector(formatLabelSelector(made), labels)).toBe(matchesSelector(made, labels));
      }),
      { seed: 3 },
    );
  });
});

describe("field selectors", () => {
  const pod = { metadata: { name: "a,b", namespace: "n" }, status: { phase: "Running" } };
  const matching: readonly (readonly [string, boolean])[] = [
    ["", true],
    ["status.phase=Running", true],
    ["status.phase==Running,metadata.namespace=n", true],
    ["status.phase!=Running", false],
    ["spec.nodeName=", true],
    ["spec.nodeName!=here", true],
    ["metadata.name=a\\,b", true],
  ];
  for (const [text, expected] of matching) {
    test(`"${text}" ${expected ? "matches" : "doesn't match"}`, () => {
      const parsed = parseFieldSelector(text);

      expect("requirements" in parsed && matchesFields(parsed.requirements, pod)).toBe(expected);
    });
  }

  for (const text of ["status.phase", "=Running", "a=b=c"]) {
    test(`"${text}" is refused`, () => {
      expect(parseFieldSelector(text)).toHaveProperty("problem");
    });
  }
});
