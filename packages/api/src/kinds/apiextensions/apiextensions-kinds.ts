import type { KindDefinition } from "../../contract/kind-definition.ts";
import { column, nameColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import type { CustomResourceDefinition } from "./custom-resource-definition.ts";
import { customResourceDefinitionSpec, customResourceDefinitionStatus } from "./custom-resource-definition-schema.ts";
import { checkCrd } from "./schema-from-crd.ts";

export const customResourceDefinitionKind: KindDefinition = {
  group: "apiextensions.k8s.io",
  versions: ["v1"],
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  singular: "customresourcedefinition",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  namespaced: false,
  schema: resource(
    "A kind that is added at run time.",
    { spec: customResourceDefinitionSpec, status: customResourceDefinitionStatus },
    ["spec"],
  ),
  status: true,
  columns: [nameColumn, column<CustomResourceDefinition>("Created At", ({ metadata }) => metadata.creationTimestamp)],
  applyDefaults: (object) => {
    const crd = object as CustomResourceDefinition;
    const names = crd.spec?.names;
    if (names?.kind === undefined) return crd;
    return {
      ...crd,
      spec: {
        ...crd.spec,
        names: {
          ...names,
          singular: names.singular ?? names.kind.toLowerCase(),
          listKind: names.listKind ?? `${names.kind}List`,
        },
        conversion: crd.spec.conversion ?? { strategy: "None" },
      },
    };
  },
  validate: (object, old) => checkCrd(object as CustomResourceDefinition, old as CustomResourceDefinition | undefined),
};
