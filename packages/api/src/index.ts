export { ApiFault, type ApiReason, hasReason, isApiReason } from "./contract/api-fault.ts";
export type {
  Client,
  DeleteOptions,
  ListOptions,
  Patch,
  ResourceList,
  Subresource,
  Watch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./contract/client.ts";
export { controlledBy, controllerOf, keyOf } from "./contract/keys.ts";
export {
  type Column,
  groupVersion,
  type KindDefinition,
  kindKey,
  type ScalePaths,
} from "./contract/kind-definition.ts";
export { KindRegistry, splitApiVersion } from "./contract/kind-registry.ts";
export type { Condition, Kind, ManagedFieldsEntry, ObjectMeta, OwnerReference, Resource } from "./contract/resource.ts";
export type { Schema } from "./contract/schema.ts";
export type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionStatus,
  CustomResourceDefinitionVersion,
} from "./kinds/apiextensions/custom-resource-definition.ts";
export { type CustomKind, checkCrd, schemaFromCrd } from "./kinds/apiextensions/schema-from-crd.ts";
export type { Deployment, DeploymentSpec, DeploymentStatus, RollingUpdateDeployment } from "./kinds/apps/deployment.ts";
export type { ReplicaSet, ReplicaSetSpec, ReplicaSetStatus } from "./kinds/apps/replica-set.ts";
export type { Scale, ScaleSpec, ScaleStatus } from "./kinds/apps/scale.ts";
export { scaleSchema } from "./kinds/apps/scale-schema.ts";
export { amountOf } from "./kinds/apps/workload-rules.ts";
export {
  type AnalysisRun,
  type AnalysisRunPhase,
  type AnalysisRunSpec,
  type AnalysisRunStatus,
  type AnalysisTemplate,
  type AnalysisTemplateSpec,
  type Argument,
  type CanaryComparison,
  type ClusterAnalysisTemplate,
  canaryComparisonPlugin,
  type DryRun,
  type JudgeMetric,
  judgePlugin,
  type Measurement,
  type MeasurementRetention,
  type Metric,
  type MetricProvider,
  type MetricResult,
  type PrometheusMetric,
  type RunSummary,
  type WebMetric,
} from "./kinds/argo/analysis.ts";
export type { AppProject, AppProjectSpec, GroupKind } from "./kinds/argo/app-project.ts";
export type {
  Application,
  ApplicationCondition,
  ApplicationDestination,
  ApplicationSource,
  ApplicationSourceDirectory,
  ApplicationSpec,
  ApplicationStatus,
  HealthStatus,
  HealthStatusCode,
  Operation,
  OperationPhase,
  OperationState,
  ResourceIgnoreDifferences,
  ResourceResult,
  ResourceStatus,
  RetryStrategy,
  RevisionHistory,
  SyncOperation,
  SyncOperationResource,
  SyncOperationResult,
  SyncPolicy,
  SyncPolicyAutomated,
  SyncStatusCode,
} from "./kinds/argo/application.ts";
export type {
  Experiment,
  ExperimentAnalysis,
  ExperimentAnalysisRunStatus,
  ExperimentSpec,
  ExperimentStatus,
  ExperimentTemplate,
  ExperimentTemplatePhase,
  ExperimentTemplateStatus,
  RolloutExperimentStep,
} from "./kinds/argo/experiment.ts";
export type {
  BegunAgain,
  BlueGreenStatus,
  BlueGreenStrategy,
  CanaryStatus,
  CanaryStep,
  CanaryStrategy,
  LastingVersion,
  NotRevertibleStatus,
  PauseCondition,
  PauseReason,
  PluginStep,
  PodTemplateMetadata,
  RingShareStatus,
  Rollout,
  RolloutAnalysisRunStatus,
  RolloutAntiAffinity,
  RolloutConditionType,
  RolloutPause,
  RolloutPhase,
  RolloutSpec,
  RolloutStatus,
  RolloutStrategy,
  RolloutWorkloadReference,
  SetCanaryScale,
  SetHeaderRoute,
  SetMirrorRoute,
  TrafficWeights,
  WeightDestination,
} from "./kinds/argo/rollout.ts";
export type {
  AnalysisRunArgument,
  RolloutAnalysis,
  RolloutAnalysisBackground,
  RolloutAnalysisTemplateReference,
} from "./kinds/argo/rollout-analysis.ts";
export { pauseMillis } from "./kinds/argo/rollout-rules.ts";
export type {
  IstioDestinationRuleReference,
  IstioTrafficRouting,
  IstioVirtualServiceReference,
  RolloutTcpRoute,
  RolloutTlsRoute,
  RolloutTrafficRouting,
  StringMatch as RolloutStringMatch,
} from "./kinds/argo/traffic-routing.ts";
export type {
  Job,
  JobCondition,
  JobConditionType,
  JobSpec,
  JobStatus,
  PodFailurePolicyRule,
} from "./kinds/batch/job.ts";
export { builtInKinds } from "./kinds/built-in-kinds.ts";
export { humanDuration } from "./kinds/columns.ts";
export type { ConfigMap, Secret } from "./kinds/core/config.ts";
export type {
  Capabilities,
  Container,
  ContainerPort,
  ContainerState,
  ContainerStateRunning,
  ContainerStateTerminated,
  ContainerStateWaiting,
  ContainerStatus,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  HttpGetAction,
  KeySelector,
  Lifecycle,
  LifecycleHandler,
  ObjectFieldSelector,
  Probe,
  ProbeHandler,
  ResourceFieldSelector,
  ResourceRequirements,
  SeccompProfile,
  SecurityContext,
  SeLinuxOptions,
  TemplateMeta,
  VolumeMount,
  WindowsSecurityContextOptions,
} from "./kinds/core/container.ts";
export type { Endpoint, EndpointPort, EndpointSlice } from "./kinds/core/endpoint-slice.ts";
export type { Event, ObjectReference } from "./kinds/core/event.ts";
export { type ImageReference, parseImage } from "./kinds/core/image.ts";
export type { Lease, LeaseSpec } from "./kinds/core/lease.ts";
export type { Namespace, NamespaceSpec, NamespaceStatus } from "./kinds/core/namespace.ts";
export type { Node, NodeCondition, NodeSpec, NodeStatus } from "./kinds/core/node.ts";
export { notEnforcedFields } from "./kinds/core/not-enforced.ts";
export type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  PodAffinity,
  PodAffinityTerm,
  PodCondition,
  PodPhase,
  PodSecurityContext,
  PodSpec,
  PodStatus,
  PodTemplate,
  PodTemplateSpec,
  Toleration,
  TopologySpreadConstraint,
} from "./kinds/core/pod.ts";
export { podStatusWord } from "./kinds/core/pod-summary.ts";
export type { Service, ServicePort, ServiceSpec, ServiceStatus } from "./kinds/core/service.ts";
export type { ServiceAccount } from "./kinds/core/service-account.ts";
export type {
  ConfigMapVolumeSource,
  DownwardApiFile,
  DownwardApiVolumeSource,
  EmptyDirVolumeSource,
  HostPathVolumeSource,
  KeyToPath,
  SecretVolumeSource,
  Volume,
  VolumeProjection,
} from "./kinds/core/volume.ts";
export { refusedVolumes } from "./kinds/core/volume-rules.ts";
export type { DestinationRule, DestinationRuleSpec, Subset } from "./kinds/istio/destination-rule.ts";
export type { Gateway, GatewayServer, GatewaySpec } from "./kinds/istio/gateway.ts";
export type {
  Destination,
  HeaderOperations,
  Headers as IstioHeaders,
  HttpFaultInjection,
  HttpMatchRequest,
  HttpMirrorPolicy,
  HttpRedirect,
  HttpRetry,
  HttpRewrite,
  HttpRoute,
  HttpRouteDestination,
  IstioVersion,
  L4RouteDestination,
  PercentValue,
  StringMatch as IstioStringMatch,
  TcpRoute,
  TlsRoute,
  VirtualService,
  VirtualServiceSpec,
} from "./kinds/istio/virtual-service.ts";
export { labelSelector as labelSelectorSchema, objectMeta as objectMetaSchema } from "./kinds/meta-schema.ts";
export type {
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
  PodDisruptionBudgetStatus,
} from "./kinds/policy/pod-disruption-budget.ts";
export type { IntOrString, Labels, Quantity, Timestamp } from "./kinds/quantities.ts";
export type { LabelSelector, LabelSelectorRequirement } from "./kinds/selector.ts";
export type {
  BlueGreenDeployment,
  BlueGreenDeploymentSpec,
  BlueGreenDeploymentStatus,
  BlueGreenPhase,
} from "./kinds/sluice/blue-green.ts";
export { blueGreenAnnotation } from "./kinds/sluice/blue-green.ts";
export { isUnderWay } from "./kinds/sluice/blue-green-progress.ts";
export type {
  Decision,
  DecisionAction,
  DecisionEvidence,
  DecisionSpec,
  DecisionSubject,
} from "./kinds/sluice/decision.ts";
export type {
  EvidencePolicy,
  EvidencePolicySpec,
  NoDataRule,
  SyntheticCheck,
} from "./kinds/sluice/evidence-policy.ts";
export type { Judgement, JudgementEvidence, JudgementSpec, JudgementStatus } from "./kinds/sluice/judgement.ts";
export { notRevertible, notRevertibleAnnotation, unsaidReason } from "./kinds/sluice/not-revertible.ts";
export type {
  GitRevertPhase,
  GitRevertStatus,
  Quarantine,
  QuarantineSpec,
  QuarantineStatus,
  SourceReference,
  WorkloadReference,
} from "./kinds/sluice/quarantine.ts";
export {
  type CohortRule,
  type RequestField,
  type Ring,
  type RingSet,
  type RingSetSpec,
  type RoutedRings,
  ringsAnnotation,
  routedRingsPrefix,
} from "./kinds/sluice/ring-set.ts";
export {
  defaultHoldback,
  defaultRollbackRules,
  type RollbackAction,
  type RollbackPolicy,
  type RollbackPolicySpec,
  type RollbackRule,
} from "./kinds/sluice/rollback-policy.ts";
export type { RouteTable, RouteTableSpec, RouteTableStatus } from "./kinds/sluice/route-table.ts";
export { readUndone, type Undone, undoneAnnotation } from "./kinds/sluice/undone.ts";
export { applyDefaults } from "./schema/defaults.ts";
export { goDurationMillis, quantityValue } from "./schema/formats.ts";
export { valueAt } from "./schema/path.ts";
export { fieldSchema, keepsUnknown, prune, unknownFields } from "./schema/prune.ts";
export { didYouMean } from "./schema/suggest.ts";
export { validate } from "./schema/validate.ts";
export {
  type FieldRequirement,
  matchesFields,
  type ParsedFieldSelector,
  parseFieldSelector,
} from "./selectors/field-selector.ts";
export {
  formatLabelSelector,
  type LabelRequirement,
  matchesRequirements,
  matchesSelector,
  type ParsedLabelSelector,
  parseLabelSelector,
  requirementsOf,
} from "./selectors/label-selector.ts";
