import { expect, test } from "vitest";
import { inspectJson } from "./json-guard.ts";

test("a text in order has no findings", () => {
  expect(inspectJson('{"a":[{"b":"}{\\"[,"},{"b":1}],"c":{"a":"x\\\\"},"d":{}}', 10)).toEqual([]);
});

test("doubled keys are found with their paths", () => {
  const text = '{"spec":{"items":[{"x":1},{"y":1,"y":2}],"n":1,"\\u006e":2}}';

  expect(inspectJson(text, 10)).toEqual([
    { is: "doubledKey", path: "spec.items[1].y" },
    { is: "doubledKey", path: "spec.n" },
  ]);
});

test("a key of an inner object isn't doubled by the same key outside", () => {
  expect(inspectJson('{"name":"a","inner":{"name":"b"},"list":[{"name":"c"},{"name":"d"}]}', 10)).toEqual([]);
});

test("__proto__ is found, also escaped", () => {
  expect(inspectJson('{"a":{"__proto__":{}}}', 10)).toEqual([{ is: "forbiddenKey", key: "__proto__" }]);
  expect(inspectJson('{"a":{"\\u005f_proto__":{}}}', 10)).toEqual([{ is: "forbiddenKey", key: "__proto__" }]);
  expect(inspectJson('{"a":"__proto__"}', 10)).toEqual([]);
});

test("nesting is counted without a stack", () => {
  expect(inspectJson("[".repeat(3_000_000), 200)).toEqual([{ is: "tooDeep", depth: 200 }]);
  expect(inspectJson(`${"[".repeat(200)}${"]".repeat(200)}`, 200)).toEqual([]);
});

test("what is no JSON ends all the same", () => {
  for (const text of ['"', '{"a', '{"a":"\\', "}}}]]", ",,,", '{"a" "b" "c"}']) inspectJson(text, 10);
});
