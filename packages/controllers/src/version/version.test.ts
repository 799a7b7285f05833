import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { base64, configurationOf, contentDigest, imagesOf, pinned, podTemplateHash, templateDigest } from "./index.ts";
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

test.each(["", "a", "ab", "abc", "ż→🚀", "\u0000ÿ"])("base64 of %j is the real one", (text) => {
  expect(base64(text)).toBe(Buffer.from(text, "utf8").toString("base64"));
});

const reading = {
  spec: {
    containers: [
      {
        name: "web",
        envFrom: [{ configMapRef: { name: "a" } }, { secretRef: { name: "b", optional: true } }],
        env: [
          { name: "C", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } },
          { name: "D", valueFrom: { secretKeyRef: { name: "d", key: "k" } } },
          { name: "E", value: "plain" },
        ],
      },
    ],
    initContainers: [{ name: "first", envFrom: [{ configMapRef: { name: "a", optional: true } }] }],
    volumes: [
      { name: "f", configMap: { name: "f" } },
      { name: "g", secret: { secretName: "g" } },
      { name: "h", projected: { sources: [{ configMap: { name: "h" } }, { secret: { name: "i" } }] } },
      { name: "j", emptyDir: {} },
    ],
  },
};

test("everything that a template reads is found and can be led to a copy, and nothing else changes", () => {
  const found = configurationOf(reading);

  expect(found.map(({ kind, name, isOptional }) => `${kind}/${name}${isOptional ? "?" : ""}`)).toEqual([
    "ConfigMap/a",
    "ConfigMap/c",
    "ConfigMap/f",
    "ConfigMap/h",
    "Secret/b?",
    "Secret/d",
    "Secret/g",
    "Secret/i",
  ]);
  const digests = Object.fromEntries(found.map(({ kind, name }) => [`${kind}/${name}`, "digest"]));
  const moved = pinned(reading, digests);
  expect(configurationOf(moved).map(({ name }) => name)).toEqual(found.map(({ name }) => `${name}-digest`));
  expect(JSON.parse(JSON.stringify(moved).replaceAll("-digest", ""))).toEqual(reading);
  expect(pinned(reading, {})).toBe(reading);
});

test("a Secret is the same as it stands in git and in a store", () => {
  const metadata = { name: "key" };
  const base = { apiVersion: "v1", kind: "Secret", metadata };

  const written = contentDigest({ ...base, stringData: { a: "x" } } as typeof base);

  expect(written).toBe(contentDigest({ ...base, type: "Opaque", data: { a: "eA==" } } as typeof base));
  expect(written).not.toBe(contentDigest({ ...base, data: { a: "eB==" } } as typeof base));
  expect(written).not.toBe(contentDigest({ ...base, kind: "ConfigMap", data: { a: "eA==" } } as typeof base));
});
