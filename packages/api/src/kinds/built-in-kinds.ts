import type { KindDefinition } from "../contract/kind-definition.ts";
import { customResourceDefinitionKind } from "./apiextensions/apiextensions-kinds.ts";
import { deploymentKind, replicaSetKind } from "./apps/apps-kinds.ts";
import {
  analysisRunKind,
  analysisTemplateKind,
  applicationKind,
  appProjectKind,
  clusterAnalysisTemplateKind,
  experimentKind,
  rolloutKind,
} from "./argo/argo-kinds.ts";
import { jobKind } from "./batch/batch-kinds.ts";
import { configMapKind, secretKind } from "./core/config-kinds.ts";
import {
  endpointSliceKind,
  eventKind,
  leaseKind,
  namespaceKind,
  nodeKind,
  serviceAccountKind,
} from "./core/core-kinds.ts";
import { podKind } from "./core/pod-kind.ts";
import { podTemplateKind } from "./core/pod-template-kind.ts";
import { serviceKind } from "./core/service-kind.ts";
import { destinationRuleKind, gatewayKind, virtualServiceKind } from "./istio/istio-kinds.ts";
import { podDisruptionBudgetKind } from "./policy/policy-kinds.ts";
import { blueGreenDeploymentKind } from "./sluice/blue-green-kind.ts";
import {
  decisionKind,
  evidencePolicyKind,
  judgementKind,
  quarantineKind,
  ringSetKind,
  rollbackPolicyKind,
  routeTableKind,
} from "./sluice/sluice-kinds.ts";

/** Every kind that is there from the start, for a KindRegistry. */
export const builtInKinds = (): readonly KindDefinition[] => [
  podKind,
  serviceKind,
  configMapKind,
  secretKind,
  namespaceKind,
  eventKind,
  serviceAccountKind,
  nodeKind,
  endpointSliceKind,
  leaseKind,
  deploymentKind,
  replicaSetKind,
  jobKind,
  podTemplateKind,
  podDisruptionBudgetKind,
  customResourceDefinitionKind,
  rolloutKind,
  analysisTemplateKind,
  clusterAnalysisTemplateKind,
  analysisRunKind,
  experimentKind,
  applicationKind,
  appProjectKind,
  virtualServiceKind,
  destinationRuleKind,
  gatewayKind,
  blueGreenDeploymentKind,
  quarantineKind,
  rollbackPolicyKind,
  judgementKind,
  decisionKind,
  ringSetKind,
  evidencePolicyKind,
  routeTableKind,
];
