import type { KindDefinition } from "../../contract/kind-definition.ts";
import { at, described } from "../../schema/build.ts";
import { ageColumn, joined, nameColumn, wideColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import type { PodTemplate } from "./pod.ts";
import { defaultTemplate } from "./pod-defaults.ts";
import { checkTemplate } from "./pod-rules.ts";
import { podTemplateSpec } from "./pod-schema.ts";

/** A template that somebody else makes Pods of: a Rollout's workloadRef. */
export const podTemplateKind: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "PodTemplate",
  plural: "podtemplates",
  singular: "podtemplate",
  namespaced: true,
  schema: resource("A template that others make pods of.", {
    template: at(
      2,
      described("Template defines the pods that will be created from this pod template.", podTemplateSpec),
    ),
  }),
  strategicMerge: true,
  columns: [
    nameColumn,
    wideColumn<PodTemplate>("Containers", ({ template }) => joined(template?.spec.containers.map(({ name }) => name))),
    wideColumn<PodTemplate>("Images", ({ template }) =>
      joined(template?.spec.containers.map(({ image }) => image ?? "")),
    ),
    ageColumn,
  ],
  applyDefaults: (object) => {
    const { template } = object as PodTemplate;
    return template === undefined ? object : ({ ...object, template: defaultTemplate(template) } as typeof object);
  },
  validate: (object) => {
    const { template } = object as PodTemplate;
    return template === undefined ? [] : checkTemplate(template, "template");
  },
};
