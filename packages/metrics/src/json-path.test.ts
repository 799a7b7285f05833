import { expect, test } from "vitest";
import { findJsonPath, parseJsonPath } from "./json-path.ts";

const document = {
  data: {
    ok: true,
    "success.rate": 0.9,
    items: [
      { name: "a", value: 1 },
      { name: "b", value: 2 },
      { name: "c", value: 3 },
    ],
  },
  none: null,
};

function find(text: string): unknown {
  const path = parseJsonPath(text);
  if (path.is === "refused") return "refused";
  const outcome = findJsonPath(path.value, document);
  return outcome.is === "missing" ? `no ${outcome.what}` : outcome.values;
}

test.each([
  ["{$}", [document]],
  ["{.}", [document]],
  ["{$.data.ok}", [true]],
  ["{.data.ok}", [true]],
  ["{data.ok}", [true]],
  ["{$['data']['ok']}", [true]],
  ["{$.data.success\\.rate}", [0.9]],
  ["{$.data.items[0].value}", [1]],
  ["{$.data.items[-1].value}", [3]],
  ["{$.data.items[*].name}", ["a", "b", "c"]],
  ["{$.data.items[0:2].value}", [1, 2]],
  ['{$.data.items[?(@.name=="b")].value}', [2]],
  ["{$.data.items[?(@.value>=2)].name}", ["b", "c"]],
  ["{$.data.items[?(@.value)].name}", ["a", "b", "c"]],
  ["{$..value}", [1, 2, 3]],
  ["{$.none}", [null]],
  ["{$.data.wrong}", 'no field "wrong"'],
  ["{$.data.items[3]}", "no element 3"],
  ["{$.data.ok.deeper}", 'no field "deeper"'],
])("%s", (text, expected) => {
  expect(find(text)).toEqual(expected);
});

test.each(["", "$.data", "{$.data", "ok={.data.ok}", "{range .items[*]}{.a}{end}", "{.a[0,1]}", "{.a[?(@.b=~'x')]}"])(
  "%j is refused",
  (text) => {
    expect(find(text)).toBe("refused");
  },
);
