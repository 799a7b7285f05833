import { expect, test } from "vitest";
import { formatAgo, formatDuration, formatMeasured, formatSeconds, formatShare, shortRepository } from "./format.ts";

test.each([
  [formatShare(0), "0 %"],
  [formatShare(0.00004), "< 0.01 %"],
  [formatShare(0.0535), "5.35 %"],
  [formatShare(0.5), "50.0 %"],
  [formatSeconds(0.0063), "6.3 ms"],
  [formatSeconds(0.049), "49 ms"],
  [formatSeconds(1.25), "1.25 s"],
  [formatDuration(59_600), "1 min"],
  [formatDuration(95_000), "1 min 35 s"],
  [formatDuration(3_600_000 * 31), "31 h"],
  [formatAgo(-5), "just now"],
  [formatAgo(61_000), "1 min ago"],
  [formatMeasured("[0.9254659914475899]"), "0.925"],
  [formatMeasured("[]"), "no data"],
  [formatMeasured("[NaN]"), "not a number"],
  [formatMeasured('{"ok":true}'), '{"ok":true}'],
  [shortRepository("https://github.com/acme/shop.git"), "acme/shop"],
  [shortRepository("git@github.com:acme/shop.git"), "acme/shop"],
  [shortRepository("/srv/git/shop-config.git"), "shop-config"],
])("numbers for people: %s", (text, expected) => expect(text).toBe(expected));
