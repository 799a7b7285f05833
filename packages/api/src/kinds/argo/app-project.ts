import type { Kind } from "../../contract/resource.ts";
import type { ApplicationDestination } from "./application.ts";

export interface GroupKind {
  readonly group: string;
  readonly kind: string;
  readonly name?: string;
}

export interface AppProjectSpec {
  readonly description?: string;
  readonly sourceRepos?: readonly string[];
  readonly destinations?: readonly ApplicationDestination[];
  readonly sourceNamespaces?: readonly string[];
  readonly clusterResourceWhitelist?: readonly GroupKind[];
  readonly clusterResourceBlacklist?: readonly GroupKind[];
  readonly namespaceResourceWhitelist?: readonly GroupKind[];
  readonly namespaceResourceBlacklist?: readonly GroupKind[];
  readonly orphanedResources?: object;
  readonly roles?: readonly object[];
  readonly syncWindows?: readonly object[];
  readonly signatureKeys?: readonly object[];
  readonly permitOnlyProjectScopedClusters?: boolean;
  readonly destinationServiceAccounts?: readonly object[];
}

export type AppProject = Kind<"argoproj.io/v1alpha1", "AppProject", AppProjectSpec, Readonly<Record<string, unknown>>>;
