import type { CanaryStep } from "@sluice/api";
import { shortHash } from "@sluice/kernel";
import { expect, test } from "vitest";
import { hashOfSteps } from "./step-hash.ts";

/** The JSON that Go would write, by hand. */
const written: readonly (readonly [readonly CanaryStep[], string])[] = [
  [[], "null"],
  [[{ setWeight: 20 }, { pause: {} }], '[{"setWeight":20},{"pause":{}}]'],
  [
    [{ pause: { duration: "30s" } }, { pause: { duration: 30 } }],
    '[{"pause":{"duration":"30s"}},{"pause":{"duration":30}}]',
  ],
  [[{ setCanaryScale: { replicas: 2, weight: 5 } }], '[{"setCanaryScale":{"weight":5,"replicas":2}}]'],
  [
    [{ analysis: { args: [{ value: "a<b", name: "x" }], templates: [{ templateName: "t" }] } }],
    '[{"analysis":{"templates":[{"templateName":"t"}],"args":[{"name":"x","value":"a\\u003cb"}]}}]',
  ],
  [
    [{ setHeaderRoute: { match: [{ headerValue: { exact: "y" }, headerName: "h" }], name: "r" } }],
    '[{"setHeaderRoute":{"name":"r","match":[{"headerName":"h","headerValue":{"exact":"y"}}]}}]',
  ],
];

test.each(written)("%j is hashed as the original writes it", (steps, json) => {
  expect(hashOfSteps(steps)).toBe(shortHash(json));
});

test("SafeEncode: digits and consonants only", () => {
  expect(hashOfSteps([{ setWeight: 20 }])).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{6,10}$/);
});
