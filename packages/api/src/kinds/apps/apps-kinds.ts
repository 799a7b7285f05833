import type { KindDefinition } from "../../contract/kind-definition.ts";
import { at } from "../../schema/build.ts";
import { formatLabelSelector } from "../../selectors/label-selector.ts";
import { ageColumn, column, joined, nameColumn, wideColumn } from "../columns.ts";
import type { PodTemplateSpec } from "../core/pod.ts";
import { defaultTemplate } from "../core/pod-defaults.ts";
import { checkTemplate } from "../core/pod-rules.ts";
import { resource } from "../meta-schema.ts";
import { forbidden, immutable } from "../rules.ts";
import type { Deployment } from "./deployment.ts";
import { deploymentSpec, deploymentStatus } from "./deployment-schema.ts";
import type { ReplicaSet } from "./replica-set.ts";
import { replicaSetSpec, replicaSetStatus } from "./replica-set-schema.ts";
import { checkDeadline, checkRollingUpdate, checkWorkloadSelector } from "./workload-rules.ts";

const containerNames = (template: PodTemplateSpec | undefined): string =>
  joined(template?.spec.containers.map(({ name }) => name));
const images = (template: PodTemplateSpec | undefined): string =>
  joined(template?.spec.containers.map(({ image }) => image ?? ""));

export const deploymentKind: KindDefinition = {
  group: "apps",
  versions: ["v1"],
  kind: "Deployment",
  plural: "deployments",
  singular: "deployment",
  shortNames: ["deploy"],
  categories: ["all"],
  namespaced: true,
  schema: resource(
    "Pods that are replaced bit by bit.",
    { spec: at(2, deploymentSpec), status: at(3, deploymentStatus) },
    ["spec"],
  ),
  status: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  strategicMerge: true,
  columns: [
    nameColumn,
    column<Deployment>("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`),
    column<Deployment>("Up-to-date", ({ status }) => status?.updatedReplicas ?? 0, { type: "string" }),
    column<Deployment>("Available", ({ status }) => status?.availableReplicas ?? 0, { type: "string" }),
    ageColumn,
    wideColumn<Deployment>("Containers", ({ spec }) => containerNames(spec.template)),
    wideColumn<Deployment>("Images", ({ spec }) => images(spec.template)),
    wideColumn<Deployment>("Selector", ({ spec }) => formatLabelSelector(spec.selector)),
  ],
  applyDefaults: (object) => {
    const deployment = object as Deployment;
    const { spec } = deployment;
    if (spec?.template === undefined) return deployment;
    const { strategy } = spec;
    const rolls = strategy !== undefined && strategy.type === "RollingUpdate";
    return {
      ...deployment,
      spec: {
        ...spec,
        ...(rolls
          ? {
              strategy: {
                ...strategy,
                rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%", ...strategy.rollingUpdate },
              },
            }
          : {}),
        template: defaultTemplate(spec.template),
      },
    };
  },
  validate: (object, old) => {
    const { spec } = object as Deployment;
    const { strategy } = spec;
    return [
      ...checkWorkloadSelector(spec.selector, spec.template),
      ...checkTemplate(spec.template, "spec.template"),
      ...(strategy?.type === "Recreate" && strategy.rollingUpdate !== undefined
        ? [
            forbidden({
              path: "spec.strategy.rollingUpdate",
              found: "rollingUpdate",
              expected: "nothing, since the type is Recreate",
            }),
          ]
        : []),
      ...checkRollingUpdate(
        "spec.strategy.rollingUpdate",
        strategy?.rollingUpdate?.maxSurge,
        strategy?.rollingUpdate?.maxUnavailable,
      ),
      ...checkDeadline(spec.progressDeadlineSeconds, spec.minReadySeconds),
      ...(old === undefined ? [] : immutable("spec.selector", spec.selector, (old as Deployment).spec.selector)),
    ];
  },
};

export const replicaSetKind: KindDefinition = {
  group: "apps",
  versions: ["v1"],
  kind: "ReplicaSet",
  plural: "replicasets",
  singular: "replicaset",
  shortNames: ["rs"],
  categories: ["all"],
  namespaced: true,
  schema: resource("So many pods of one template.", { spec: at(2, replicaSetSpec), status: at(3, replicaSetStatus) }, [
    "spec",
  ]),
  status: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  selectableFields: ["status.replicas"],
  strategicMerge: true,
  columns: [
    nameColumn,
    column<ReplicaSet>("Desired", ({ spec }) => spec.replicas ?? 1, { type: "integer" }),
    column<ReplicaSet>("Current", ({ status }) => status?.replicas ?? 0, { type: "integer" }),
    column<ReplicaSet>("Ready", ({ status }) => status?.readyReplicas ?? 0, { type: "integer" }),
    ageColumn,
    wideColumn<ReplicaSet>("Containers", ({ spec }) => containerNames(spec.template)),
    wideColumn<ReplicaSet>("Images", ({ spec }) => images(spec.template)),
    wideColumn<ReplicaSet>("Selector", ({ spec }) => formatLabelSelector(spec.selector)),
  ],
  applyDefaults: (object) => {
    const replicaSet = object as ReplicaSet;
    if (replicaSet.spec?.template === undefined) return replicaSet;
    return { ...replicaSet, spec: { ...replicaSet.spec, template: defaultTemplate(replicaSet.spec.template) } };
  },
  validate: (object, old) => {
    const { spec } = object as ReplicaSet;
    return [
      ...checkWorkloadSelector(spec.selector, spec.template),
      ...(spec.template === undefined ? [] : checkTemplate(spec.template, "spec.template")),
      ...(old === undefined ? [] : immutable("spec.selector", spec.selector, (old as ReplicaSet).spec.selector)),
    ];
  },
};
