import { describe, expect, test } from "vitest";
import { applyDefaults, prune, validate } from "../index.ts";
import { definitionOf, type SampleKind, sample } from "../testing/samples.ts";

const broken = (kind: SampleKind, changes: Readonly<Record<string, unknown>>) =>
  validate(definitionOf(kind), sample(kind, changes));

describe("what is right is accepted", () => {
  for (const kind of [
    "Pod",
    "Service",
    "ConfigMap",
    "Secret",
    "Namespace",
    "Deployment",
    "ReplicaSet",
    "PodDisruptionBudget",
    "Rollout",
    "AnalysisTemplate",
    "Application",
    "AppProject",
    "VirtualService",
    "DestinationRule",
    "CustomResourceDefinition",
    "Decision",
  ] as const) {
    test(kind, () => {
      const definition = definitionOf(kind);
      const written = sample(kind);

      const stored = applyDefaults(definition, prune(definition, written));

      expect(validate(definition, written)).toEqual([]);
      expect(validate(definition, stored)).toEqual([]);
      expect(applyDefaults(definition, stored)).toEqual(stored);
    });
  }
});

describe("what can't be changed", () => {
  const changes: readonly (readonly [SampleKind, Readonly<Record<string, unknown>>, string])[] = [
    [
      "Deployment",
      { "spec.selector": { matchLabels: { app: "shop", tier: "web" } }, "spec.template.metadata.labels.tier": "web" },
      "spec.selector",
    ],
    ["Decision", { "spec.because": "another reason" }, "spec"],
    ["Pod", { "spec.containers.0.command": ["other"] }, "spec"],
    ["Secret", { type: "other" }, "type"],
  ];
  for (const [kind, change, path] of changes) {
    test(`${kind} ${path}`, () => {
      const definition = definitionOf(kind);
      const old = applyDefaults(definition, sample(kind));
      const next = applyDefaults(definition, sample(kind, change));

      expect(validate(definition, next, old).map((violation) => violation.path)).toContain(path);
      expect(validate(definition, old, old)).toEqual([]);
    });
  }

  test("a Pod's image may change", () => {
    const definition = definitionOf("Pod");
    const old = applyDefaults(definition, sample("Pod"));
    const next = applyDefaults(definition, sample("Pod", { "spec.containers.0.image": "shop:v2" }));

    expect(validate(definition, next, old)).toEqual([]);
  });
});

test("no message shows a secret", () => {
  const changes = { data: { a: "hunter2 hunter2" } };

  const said = JSON.stringify([
    broken("Secret", changes),
    broken("Secret", { stringData: { a: 4711 } }),
    broken("Pod", { "spec.containers.0.env": [{ name: "A", value: 4711 }] }),
  ]);

  expect(said).not.toContain("hunter2");
  expect(said).not.toContain("4711");
});
