import type { KindDefinition } from "@sluice/api";

const row = (group: string, version: string, kind: string, plural: string, namespaced = true): KindDefinition => ({
  group,
  versions: [version],
  kind,
  plural,
  singular: kind.toLowerCase(),
  namespaced,
  schema: {},
  status: true,
});

/** The kinds that controllers meet, without schemas: laws are about controllers, not about validation. */
export const plainKinds: readonly KindDefinition[] = [
  row("", "v1", "Namespace", "namespaces", false),
  row("", "v1", "Node", "nodes", false),
  row("", "v1", "Pod", "pods"),
  row("", "v1", "PodTemplate", "podtemplates"),
  row("", "v1", "Service", "services"),
  row("", "v1", "ConfigMap", "configmaps"),
  row("", "v1", "Secret", "secrets"),
  row("", "v1", "Event", "events"),
  row("", "v1", "ServiceAccount", "serviceaccounts"),
  row("apps", "v1", "Deployment", "deployments"),
  row("apps", "v1", "ReplicaSet", "replicasets"),
  row("batch", "v1", "Job", "jobs"),
  row("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
  row("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
  row("coordination.k8s.io", "v1", "Lease", "leases"),
  row("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false),
  row("argoproj.io", "v1alpha1", "Application", "applications"),
  row("argoproj.io", "v1alpha1", "AppProject", "appprojects"),
  row("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
  row("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates"),
  row("argoproj.io", "v1alpha1", "ClusterAnalysisTemplate", "clusteranalysistemplates", false),
  row("argoproj.io", "v1alpha1", "AnalysisRun", "analysisruns"),
  row("argoproj.io", "v1alpha1", "Experiment", "experiments"),
  row("networking.istio.io", "v1", "VirtualService", "virtualservices"),
  row("networking.istio.io", "v1", "DestinationRule", "destinationrules"),
  row("sluice.dev", "v1alpha1", "Quarantine", "quarantines"),
  row("sluice.dev", "v1alpha1", "Decision", "decisions"),
  row("sluice.dev", "v1alpha1", "RouteTable", "routetables", false),
];
