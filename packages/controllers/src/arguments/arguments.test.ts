import { expect, test } from "vitest";
import { argumentValues, decodeBase64Text, fieldAt, mergeTemplates, resolveTemplates, unresolved } from "./index.ts";

const values = new Map([
  ["service-name", 'shop"canary'],
  ["count", "5"],
]);

test("every text is resolved, at any depth", () => {
  const metric = {
    name: "m",
    query: 'up{service="{{ args.service-name }}"}',
    headers: [{ key: "n", value: "{{args.count}}" }],
  };

  expect(resolveTemplates(metric, values)).toEqual({
    is: "resolved",
    value: { name: "m", query: 'up{service="shop"canary"}', headers: [{ key: "n", value: "5" }] },
  });
});

test.each(["{{args.missing}}", "{{inputs.parameters.x}}", "{{metadata.labels.ring-id}}"])(
  "%s can't be resolved",
  (text) => {
    expect(resolveTemplates({ text }, values)).toEqual({ is: "fault", message: `failed to resolve ${text}` });
  },
);

test("an argument without a value is named", () => {
  expect(argumentValues([{ name: "ring" }], () => unresolved("no secrets here"))).toEqual({
    is: "fault",
    message: "args.ring was not resolved",
  });
});

const metric = (name: string) => ({ name, provider: {} });

test("what is passed wins over a default, what no template asks for is dropped", () => {
  const merged = mergeTemplates(
    [
      { metrics: [metric("a")], args: [{ name: "service" }, { name: "limit", value: "5" }] },
      { metrics: [metric("b")], args: [{ name: "limit", value: "5" }] },
    ],
    [
      { name: "service", value: "shop" },
      { name: "limit", value: "7" },
      { name: "stray", value: "x" },
    ],
  );

  expect(merged).toMatchObject({
    is: "resolved",
    value: {
      metrics: [{ name: "a" }, { name: "b" }],
      args: [
        { name: "service", value: "shop" },
        { name: "limit", value: "7" },
      ],
    },
  });
});

test.each([
  [[{ metrics: [metric("a")] }, { metrics: [metric("a")] }], "two metrics have the same name 'a'"],
  [
    [{ dryRun: [{ metricName: "a" }] }, { dryRun: [{ metricName: "b" }, { metricName: "a" }] }],
    "two Dry-Run metric rules have the same name 'a': keep one of them",
  ],
  [
    [
      { measurementRetention: [{ metricName: ".*", limit: 5 }] },
      { measurementRetention: [{ metricName: ".*", limit: 7 }] },
    ],
    "two Measurement Retention metric rules have the same name '.*': keep one of them",
  ],
  [
    [{ args: [{ name: "x", value: "1" }] }, { args: [{ name: "x", value: "2" }] }],
    "Argument `x` specified multiple times with different values",
  ],
  [[{ args: [{ name: "x" }] }], "args.x was not resolved"],
])("templates that don't fit together are refused (%#)", (templates, message) => {
  expect(mergeTemplates(templates, [])).toEqual({ is: "fault", message });
});

const rollout = {
  metadata: { name: "shop", labels: { app: "a", "x.y/z": "q" } },
  spec: { replicas: 3, template: { spec: { containers: [{ image: "shop:v1" }] } } },
};

test.each([
  ["metadata.name", "shop"],
  ["metadata.labels['x.y/z']", "q"],
  ["metadata.labels", 'app="a"\nx.y/z="q"'],
  ["metadata.annotations['none']", ""],
  ["spec.replicas", "3"],
  ["spec.template.spec.containers[0].image", "shop:v1"],
])("the field %s is %j", (path, value) => {
  expect(fieldAt(rollout, path)).toEqual({ is: "resolved", value });
});

test("a field that isn't there is an error", () => {
  expect(fieldAt(rollout, "spec.nothing")).toEqual({ is: "fault", message: "invalid path spec.nothing in rollout" });
});

test("a Secret's data is read as UTF-8", () => {
  expect(decodeBase64Text("xbzDs8WCdw==")).toBe("żółw");
  expect(decodeBase64Text("not base64!")).toBeUndefined();
});
