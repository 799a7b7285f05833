import type { KindDefinition } from "../../contract/kind-definition.ts";
import type { Resource } from "../../contract/resource.ts";
import { anyObject } from "../../schema/build.ts";
import { ageColumn, column, fieldColumn, nameColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import type { AnalysisRun, AnalysisTemplate } from "./analysis.ts";
import { checkAnalysisSpec, checkAnalysisTemplateSpec } from "./analysis-rules.ts";
import { analysisRunSpec, analysisRunStatus, analysisTemplateSpec } from "./analysis-schema.ts";
import type { AppProject } from "./app-project.ts";
import { checkAppProject } from "./app-project-rules.ts";
import { appProjectSpec } from "./app-project-schema.ts";
import type { Application } from "./application.ts";
import { checkApplication } from "./application-rules.ts";
import { applicationSpec, applicationStatus, operation } from "./application-schema.ts";
import type { Experiment } from "./experiment.ts";
import { checkExperiment } from "./experiment-rules.ts";
import { experimentSpec, experimentStatus } from "./experiment-schema.ts";
import type { Rollout } from "./rollout.ts";
import { checkRollout } from "./rollout-rules.ts";
import { rolloutSpec, rolloutStatus } from "./rollout-schema.ts";

const argo = { group: "argoproj.io", versions: ["v1alpha1"], namespaced: true } as const;

export const rolloutKind: KindDefinition = {
  ...argo,
  kind: "Rollout",
  plural: "rollouts",
  singular: "rollout",
  shortNames: ["ro"],
  categories: ["all"],
  schema: resource(
    "Pods whose new versions prove themselves step by step.",
    { spec: rolloutSpec, status: rolloutStatus },
    ["spec"],
  ),
  status: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.HPAReplicas", selector: "status.selector" },
  columns: [
    nameColumn,
    column<Rollout>("Desired", ({ spec }) => spec.replicas ?? 1, { type: "integer" }),
    column<Rollout>("Current", ({ status }) => status?.replicas ?? 0, { type: "integer" }),
    column<Rollout>("Up-to-date", ({ status }) => status?.updatedReplicas ?? 0, { type: "integer" }),
    column<Rollout>("Available", ({ status }) => status?.availableReplicas ?? 0, { type: "integer" }),
    ageColumn,
  ],
  validate: (object, old) => checkRollout(object as Rollout, old as Rollout | undefined),
};

const checkTemplateKind = (object: Resource) => checkAnalysisTemplateSpec((object as AnalysisTemplate).spec);

export const analysisTemplateKind: KindDefinition = {
  ...argo,
  kind: "AnalysisTemplate",
  plural: "analysistemplates",
  singular: "analysistemplate",
  shortNames: ["at"],
  schema: resource("Questions whose answers decide a release.", { spec: analysisTemplateSpec }, ["spec"]),
  columns: [nameColumn, ageColumn],
  validate: checkTemplateKind,
};

export const clusterAnalysisTemplateKind: KindDefinition = {
  ...argo,
  namespaced: false,
  kind: "ClusterAnalysisTemplate",
  plural: "clusteranalysistemplates",
  singular: "clusteranalysistemplate",
  shortNames: ["cat"],
  schema: resource("An AnalysisTemplate for every namespace.", { spec: analysisTemplateSpec }, ["spec"]),
  columns: [nameColumn, ageColumn],
  validate: checkTemplateKind,
};

export const analysisRunKind: KindDefinition = {
  ...argo,
  kind: "AnalysisRun",
  plural: "analysisruns",
  singular: "analysisrun",
  shortNames: ["ar"],
  schema: resource("A run of such questions.", { spec: analysisRunSpec, status: analysisRunStatus }, ["spec"]),
  status: true,
  columns: [nameColumn, fieldColumn("Status", "status.phase"), ageColumn],
  validate: (object) => checkAnalysisSpec((object as AnalysisRun).spec),
};

export const experimentKind: KindDefinition = {
  ...argo,
  kind: "Experiment",
  plural: "experiments",
  singular: "experiment",
  shortNames: ["exp"],
  schema: resource(
    "Versions that run beside each other for a while.",
    {
      spec: experimentSpec,
      status: experimentStatus,
    },
    ["spec"],
  ),
  status: true,
  columns: [
    nameColumn,
    fieldColumn("Status", "status.phase"),
    { ...fieldColumn("Message", "status.message"), priority: 1 },
    ageColumn,
  ],
  validate: (object) => checkExperiment((object as Experiment).spec),
};

export const applicationKind: KindDefinition = {
  ...argo,
  kind: "Application",
  plural: "applications",
  singular: "application",
  shortNames: ["app", "apps"],
  schema: resource(
    "Manifests from git, kept in the cluster.",
    {
      operation,
      spec: applicationSpec,
      status: applicationStatus,
    },
    ["spec"],
  ),
  status: true,
  columns: [
    nameColumn,
    fieldColumn("Sync Status", "status.sync.status"),
    fieldColumn("Health Status", "status.health.status"),
    { ...fieldColumn("Revision", "status.sync.revision"), priority: 1 },
    { ...fieldColumn("Project", "spec.project"), priority: 1 },
  ],
  applyDefaults: (object) => {
    const application = object as Application;
    if (application.spec === undefined || application.spec.project) return application;
    return { ...application, spec: { ...application.spec, project: "default" } };
  },
  validate: (object) => checkApplication(object as Application),
};

export const appProjectKind: KindDefinition = {
  ...argo,
  kind: "AppProject",
  plural: "appprojects",
  singular: "appproject",
  shortNames: ["appproj", "appprojs"],
  schema: resource("What Applications may do.", { spec: appProjectSpec, status: anyObject("Nothing of ours.") }, [
    "spec",
  ]),
  columns: [nameColumn, ageColumn],
  validate: (object) => checkAppProject(object as AppProject),
};
