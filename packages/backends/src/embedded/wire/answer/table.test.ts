import { expect, test } from "vitest";
import { valueAt } from "./json-path.ts";
import { ageText } from "./table.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// The cases of https://github.com/kubernetes/apimachinery/blob/master/pkg/util/duration/duration_test.go
test.each([
  [1 * second, "1s"],
  [70 * second, "70s"],
  [190 * second, "3m10s"],
  [70 * minute, "70m"],
  [47 * hour, "47h"],
  [49 * hour, "2d1h"],
  [(8 * 24 + 2) * hour, "8d"],
  [367 * day, "367d"],
  [(365 * 2 + 25) * day, "2y25d"],
  [(365 * 8 + 2) * day, "8y"],
  [10 * minute, "10m"],
  [3 * hour, "3h"],
  [4 * hour + 30 * minute, "4h30m"],
  [-5 * second, "<invalid>"],
])("an age of %d ms is %s", (age, text) => {
  const start = "2026-01-01T00:00:00Z";

  expect(ageText(start, Date.parse(start) + age)).toBe(text);
});

test("an object that was never stored has no age", () => {
  expect(ageText(undefined, 0)).toBe("<unknown>");
});

test("printer columns' paths", () => {
  const object = {
    status: { conditions: [{ type: "A" }, { type: "Ready", status: "True" }], "a.b": 1, phase: "Up" },
    metadata: { labels: { "app.kubernetes.io/name": "shop" } },
  };

  expect(valueAt(object, ".status.phase")).toBe("Up");
  expect(valueAt(object, "{.status.phase}")).toBe("Up");
  expect(valueAt(object, '.status.conditions[?(@.type=="Ready")].status')).toBe("True");
  expect(valueAt(object, ".status.conditions[0].type")).toBe("A");
  expect(valueAt(object, ".status.conditions[*].status")).toBe("True");
  expect(valueAt(object, ".metadata.labels['app.kubernetes.io/name']")).toBe("shop");
  expect(valueAt(object, ".metadata.labels.app\\.kubernetes\\.io/name")).toBe("shop");
  expect(valueAt(object, ".status.a\\.b")).toBe(1);
  expect(valueAt(object, ".nothing.here")).toBeUndefined();
  expect(valueAt(object, ".status..phase")).toBeUndefined();
});
