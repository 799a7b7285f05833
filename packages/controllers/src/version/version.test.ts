import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { imagesOf, podTemplateHash, templateDigest } from "./index.ts";
import { sha256 } from "./sha256.ts";

test.each([0, 1, 55, 56, 63, 64, 65, 119, 1000])("SHA-256 of %d characters is the real one", (length) => {
  const text = "żx".repeat(length).slice(0, length);

  expect(sha256(text)).toBe(createHash("sha256").update(text).digest("hex"));
});

const template = (image: string) => ({
  metadata: { labels: { app: "shop" } },
  spec: { containers: [{ name: "web", image }] },
});

test("a version is its content, whatever the order of its keys", () => {
  const reordered = {
    spec: { containers: [{ image: "shop:v1", name: "web" }] },
    metadata: { labels: { app: "shop" } },
  };

  expect(templateDigest(reordered)).toBe(templateDigest(template("shop:v1")));
  expect(templateDigest(template("shop:v2"))).not.toBe(templateDigest(template("shop:v1")));
  expect(podTemplateHash(template("shop:v1"), 1)).not.toBe(podTemplateHash(template("shop:v1")));
  expect(imagesOf(template("shop:v1"))).toEqual(["shop:v1"]);
});
