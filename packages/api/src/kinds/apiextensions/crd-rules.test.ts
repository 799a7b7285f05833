import { expect, test } from "vitest";
import { type Refusal, saidOf } from "../../testing/refuses.ts";

const refusals: readonly Refusal[] = [
  ["CustomResourceDefinition", { "metadata.name": "widget.example.com" }, "metadata.name", "widgets.example.com"],
  [
    "CustomResourceDefinition",
    { "spec.versions.0.schema": undefined },
    "spec.versions[0].schema.openAPIV3Schema",
    "structural schema",
  ],
  [
    "CustomResourceDefinition",
    { "spec.versions.0.schema.openAPIV3Schema.properties.spec.type": undefined },
    "spec.versions[0].schema.openAPIV3Schema.properties[spec].type",
    "one of object",
  ],
  [
    "CustomResourceDefinition",
    { "spec.versions.0.schema.openAPIV3Schema.properties.spec.properties.color.default": "green" },
    "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[color].default",
    "one of red, blue",
  ],
  [
    "CustomResourceDefinition",
    { "spec.versions.0.schema.openAPIV3Schema.properties.spec.$ref": "#/a" },
    "spec.versions[0].schema.openAPIV3Schema.properties[spec].$ref",
    "not supported yet",
  ],
  [
    "CustomResourceDefinition",
    { "spec.conversion": { strategy: "Webhook" } },
    "spec.conversion.strategy",
    "not supported yet",
  ],
  ["CustomResourceDefinition", { "spec.versions.0.storage": false }, "spec.versions", "one"],
];

test.each(refusals)("%s %j", (kind, changes, path, words) => {
  expect(saidOf(kind, changes, path)).toContain(words);
});
