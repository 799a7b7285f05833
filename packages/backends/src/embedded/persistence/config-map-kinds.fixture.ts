import { type KindDefinition, KindRegistry, type Schema } from "@sluice/api";

const texts: Schema = { type: "object", additionalProperties: { type: "string" } };

/** One kind is enough to fill a disk. */
export const configMapKinds = (): KindRegistry => {
  const definition: KindDefinition = {
    group: "",
    versions: ["v1"],
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    namespaced: true,
    schema: { type: "object", properties: { data: texts } },
  };
  return new KindRegistry([definition]);
};
