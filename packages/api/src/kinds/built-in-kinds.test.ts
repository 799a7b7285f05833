import { describe, expect, test } from "vitest";
import type { Resource } from "../contract/resource.ts";
import type { Schema } from "../contract/schema.ts";
import {
  applyDefaults,
  builtInKinds,
  type CustomResourceDefinition,
  humanDuration,
  notEnforcedFields,
  type PodSpec,
  prune,
  refusedVolumes,
  schemaFromCrd,
  validate,
} from "../index.ts";
import { definitionOf, sample } from "../testing/samples.ts";

function* schemasOf(schema: Schema, path: string): Generator<readonly [string, Schema]> {
  yield [path, schema];
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* schemasOf(field, `${path}.${name}`);
  if (schema.items !== undefined) yield* schemasOf(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === "object") yield* schemasOf(schema.additionalProperties, `${path}{}`);
}

describe("the schemas of all kinds", () => {
  const all = builtInKinds().flatMap((definition) => [...schemasOf(definition.schema, definition.kind)]);

  test("no two fields of a message share a protobuf number", () => {
    const clashes = all.flatMap(([path, { properties }]) => {
      const seen = new Map<string, string>();
      return Object.entries(properties ?? {}).flatMap(([name, field]) => {
        const number = field["x-sluice-proto"];
        if (number === undefined) return [];
        const within = field["x-sluice-proto-within"];
        const key = within === undefined ? String(number) : `${within}.${number}`;
        const other = seen.get(key);
        seen.set(key, name);
        return other === undefined ? [] : [`${path}: ${other} and ${name} are both ${key}`];
      });
    });

    expect(clashes).toEqual([]);
  });

  test("a list merged by key has that key among its items' fields", () => {
    const wrong = all
      .filter(([, schema]) =>
        [...(schema["x-kubernetes-list-map-keys"] ?? []), schema["x-kubernetes-patch-merge-key"] ?? []]
          .flat()
          .some((key) => schema.items?.properties?.[key] === undefined),
      )
      .map(([path]) => path);

    expect(wrong).toEqual([]);
  });

  test("every required field is one", () => {
    const wrong = all
      .filter(([, { required, properties }]) => required?.some((name) => properties?.[name] === undefined))
      .map(([path]) => path);

    expect(wrong).toEqual([]);
  });

  test("short names and plurals are unique", () => {
    const names = builtInKinds().flatMap(({ plural, singular, shortNames }) => [
      plural,
      singular,
      ...(shortNames ?? []),
    ]);

    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

test("protobuf numbers as k8s.io/api's generated.proto has them", () => {
  const deployment = definitionOf("Deployment").schema.properties?.spec?.properties;
  const podSpec = deployment?.template?.properties?.spec?.properties;
  const container = podSpec?.containers?.items?.properties;

  expect(deployment?.progressDeadlineSeconds?.["x-sluice-proto"]).toBe(9);
  expect(podSpec?.containers?.["x-sluice-proto"]).toBe(2);
  expect(podSpec?.topologySpreadConstraints?.["x-sluice-proto"]).toBe(33);
  expect(container?.startupProbe?.["x-sluice-proto"]).toBe(22);
  expect(container?.startupProbe?.properties?.httpGet).toMatchObject({
    "x-sluice-proto": 2,
    "x-sluice-proto-within": 1,
  });
});

describe("defaults as Kubernetes writes them", () => {
  test("Deployment", () => {
    const { spec } = applyDefaults(definitionOf("Deployment"), sample("Deployment"));

    expect(spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      template: {
        spec: {
          restartPolicy: "Always",
          dnsPolicy: "ClusterFirst",
          terminationGracePeriodSeconds: 30,
          containers: [{ imagePullPolicy: "IfNotPresent", ports: [{ protocol: "TCP" }] }],
        },
      },
    });
  });

  test("Job: its selector and labels come from its uid", () => {
    const { spec } = applyDefaults(definitionOf("Job"), sample("Job", { "metadata.uid": "u-1" }));

    expect(spec).toMatchObject({
      parallelism: 1,
      completions: 1,
      completionMode: "NonIndexed",
      backoffLimit: 6,
      suspend: false,
      podReplacementPolicy: "TerminatingOrFailed",
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "u-1" } },
      template: { metadata: { labels: { "batch.kubernetes.io/job-name": "shop", "job-name": "shop" } } },
    });
  });

  test("a probe", () => {
    const pod = sample("Pod", { "spec.containers.0.readinessProbe": { httpGet: { port: "http" } } });

    const { spec } = applyDefaults(definitionOf("Pod"), pod) as { spec: PodSpec };

    expect(spec.containers[0]?.readinessProbe).toEqual({
      httpGet: { port: "http", path: "/", scheme: "HTTP" },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });

  test("images", () => {
    const policies = ["shop", "shop:latest", "shop:v1", "host:5000/shop", "shop@sha256:ab"].map((image) => {
      const pod = applyDefaults(definitionOf("Pod"), sample("Pod", { "spec.containers.0.image": image }));
      return (pod.spec as PodSpec).containers[0]?.imagePullPolicy;
    });

    expect(policies).toEqual(["Always", "Always", "IfNotPresent", "Always", "IfNotPresent"]);
  });

  test("a Service's target is its port", () => {
    const service = applyDefaults(definitionOf("Service"), sample("Service", { "spec.ports": [{ port: 80 }] }));

    expect(service.spec).toMatchObject({ type: "ClusterIP", ports: [{ port: 80, targetPort: 80, protocol: "TCP" }] });
  });

  test("stringData becomes data", () => {
    const secret = applyDefaults(definitionOf("Secret"), sample("Secret", { stringData: { b: "häßlich", a: "x" } }));

    expect(secret).toMatchObject({
      type: "Opaque",
      data: { a: "eA==", b: btoa(String.fromCharCode(...new TextEncoder().encode("häßlich"))) },
    });
    expect(secret).not.toHaveProperty("stringData");
  });

  test("a Rollout stays as it was written, as Argo keeps it", () => {
    const written = sample("Rollout");

    const stored = applyDefaults(definitionOf("Rollout"), written);

    expect(stored.spec).toMatchObject({ template: { spec: { containers: [{ ports: [{ protocol: "TCP" }] }] } } });
    expect(JSON.stringify(stored).replace(',"protocol":"TCP"', "")).toBe(JSON.stringify(written));
  });

  test("a null means: not given", () => {
    const pod = sample("Pod", { "metadata.creationTimestamp": null, "spec.nodeName": null });

    const stored = prune(definitionOf("Pod"), pod);

    expect(stored.metadata).not.toHaveProperty("creationTimestamp");
    expect(stored.spec).not.toHaveProperty("nodeName");
    expect(validate(definitionOf("Pod"), pod)).toEqual([]);
  });
});

describe("kinds that are added at run time", () => {
  const crd = sample("CustomResourceDefinition") as CustomResourceDefinition;
  const widget = (spec: object): Resource =>
    ({ apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w", labels: { a: "b" } }, spec }) as Resource;

  test("prune, default and enforce", () => {
    const { definition, violations } = schemaFromCrd(crd);

    expect(violations).toEqual([]);
    const stored = applyDefaults(definition!, prune(definition!, widget({ size: 1, unknown: true })));
    expect(stored).toMatchObject({ metadata: { name: "w", labels: { a: "b" } } });
    expect(stored.spec).toEqual({ size: 1, color: "red" });
    expect(validate(definition!, widget({ size: 0 }))).toMatchObject([
      { path: "spec.size", found: "0", expected: "at least 1" },
    ]);
    expect(validate(definition!, widget({}))).toMatchObject([{ path: "spec.size", reason: "FieldValueRequired" }]);
  });

  test("CEL rules are named as not enforced", () => {
    const withRules = sample("CustomResourceDefinition", {
      "spec.versions.0.schema.openAPIV3Schema.properties.spec.x-kubernetes-validations": [{ rule: "self.size < 10" }],
    }) as CustomResourceDefinition;

    expect(schemaFromCrd(withRules)).toMatchObject({
      violations: [],
      notEnforced: ["spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0]"],
    });
  });
});

test("what one machine can't enforce is listed, and volumes that it hasn't are refused", () => {
  const spec = {
    containers: [{ name: "a", image: "a", securityContext: { runAsUser: 1, privileged: false }, tty: true }],
    tolerations: [{ key: "a" }],
    nodeSelector: {},
    affinity: { nodeAffinity: {} },
    dnsPolicy: "ClusterFirst",
    volumes: [
      { name: "e", emptyDir: {} },
      { name: "p", persistentVolumeClaim: { claimName: "data" } },
    ],
  } satisfies PodSpec;

  expect(notEnforcedFields(spec)).toEqual([
    "affinity",
    "tolerations",
    "containers[0].tty",
    "containers[0].securityContext.runAsUser",
  ]);
  expect(refusedVolumes(spec)).toMatchObject([{ path: "spec.volumes[1].persistentVolumeClaim" }]);
});

test("ages as kubectl prints them", () => {
  const seconds = [
    -5, 0, 119, 120, 185, 599, 600, 10_799, 10_800, 30_000, 172_799, 172_800, 700_000, 63_072_000, 90_000_000,
  ];

  expect(seconds.map((value) => humanDuration(value * 1000))).toEqual([
    "<invalid>",
    "0s",
    "119s",
    "2m",
    "3m5s",
    "9m59s",
    "10m",
    "179m",
    "3h",
    "8h",
    "47h",
    "2d",
    "8d",
    "2y",
    "2y311d",
  ]);
});
