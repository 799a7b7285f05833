import { ApiFault, type KindDefinition, type Resource, type Schema } from "@sluice/api";

// Just enough of Kubernetes' kinds for the store's own tests.

const text: Schema = { type: "string" };
const texts: Schema = { type: "object", additionalProperties: text };
const anything: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const kind = (group: string, name: string, schema: Schema, rest: Partial<KindDefinition> = {}): KindDefinition => ({
  group,
  versions: ["v1"],
  kind: name,
  plural: `${name.toLowerCase()}s`,
  singular: name.toLowerCase(),
  namespaced: true,
  schema,
  strategicMerge: true,
  ...rest,
});

const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: "object", properties });

const container = object({
  name: text,
  image: text,
  env: {
    type: "array",
    items: object({ name: text, value: text }),
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "x-kubernetes-patch-strategy": "merge",
    "x-kubernetes-patch-merge-key": "name",
  },
});

const podSpec = object({
  nodeName: text,
  terminationGracePeriodSeconds: { type: "integer" },
  containers: {
    type: "array",
    items: container,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "x-kubernetes-patch-strategy": "merge",
    "x-kubernetes-patch-merge-key": "name",
  },
});

const selector: Schema = { ...object({ matchLabels: texts }), "x-kubernetes-map-type": "atomic" };

export const smallKinds = (): readonly KindDefinition[] => [
  kind("", "Namespace", object({ spec: anything, status: anything }), { namespaced: false, status: true }),
  kind("", "ConfigMap", object({ data: texts })),
  kind("", "Event", object({ message: text, lastTimestamp: text })),
  kind("", "Pod", object({ spec: podSpec, status: anything }), { status: true }),
  kind(
    "apps",
    "Deployment",
    object({
      spec: object({
        replicas: { type: "integer" },
        selector,
        template: object({ metadata: object({ labels: texts }), spec: podSpec }),
      }),
      status: anything,
    }),
    {
      status: true,
      scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
    },
  ),
  kind("apiextensions.k8s.io", "CustomResourceDefinition", object({ spec: anything, status: anything }), {
    namespaced: false,
    status: true,
  }),
  kind("sluice.dev", "Decision", object({ spec: anything }), { versions: ["v1alpha1"] }),
];

/** As short as can be: the first version's schema. */
export function defineSmallKind(crd: Resource): KindDefinition {
  const spec = crd.spec as {
    group: string;
    names: { kind: string; plural: string; singular: string };
    versions: readonly { name: string; schema?: { openAPIV3Schema: Schema } }[];
  };
  const [version] = spec.versions;
  if (version?.schema === undefined) throw new ApiFault("Invalid", "a schema is required");
  return kind(spec.group, spec.names.kind, version.schema.openAPIV3Schema, {
    versions: [version.name],
    plural: spec.names.plural,
    singular: spec.names.singular,
    status: true,
  });
}
