import type { Kind } from "../../contract/resource.ts";
import type { Labels, Timestamp } from "../quantities.ts";

export interface ApplicationSourceDirectory {
  readonly recurse?: boolean;
  /** A glob, or several in braces. */
  readonly include?: string;
  readonly exclude?: string;
  readonly jsonnet?: object;
}

export interface ApplicationSource {
  readonly repoURL: string;
  readonly path?: string;
  /** Branch, tag, commit or HEAD (the default). */
  readonly targetRevision?: string;
  readonly directory?: ApplicationSourceDirectory;
  readonly helm?: object;
  readonly kustomize?: object;
  readonly plugin?: object;
  readonly chart?: string;
  readonly ref?: string;
  readonly name?: string;
}

export interface ApplicationDestination {
  readonly server?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface SyncPolicyAutomated {
  readonly enabled?: boolean;
  readonly prune?: boolean;
  readonly selfHeal?: boolean;
  readonly allowEmpty?: boolean;
}

export interface RetryStrategy {
  /** Negative: without end. */
  readonly limit?: number;
  readonly backoff?: { readonly duration?: string; readonly factor?: number; readonly maxDuration?: string };
  readonly refresh?: boolean;
}

export interface SyncPolicy {
  readonly automated?: SyncPolicyAutomated;
  readonly syncOptions?: readonly string[];
  readonly retry?: RetryStrategy;
  readonly managedNamespaceMetadata?: { readonly labels?: Labels; readonly annotations?: Labels };
}

export interface ResourceIgnoreDifferences {
  readonly group?: string;
  readonly kind: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly jsonPointers?: readonly string[];
  readonly jqPathExpressions?: readonly string[];
  readonly managedFieldsManagers?: readonly string[];
}

/** https://github.com/argoproj/argo-cd/blob/master/pkg/apis/application/v1alpha1/types.go */
export interface ApplicationSpec {
  readonly source?: ApplicationSource;
  readonly sources?: readonly ApplicationSource[];
  readonly sourceHydrator?: object;
  readonly destination: ApplicationDestination;
  readonly project: string;
  readonly syncPolicy?: SyncPolicy;
  readonly ignoreDifferences?: readonly ResourceIgnoreDifferences[];
  readonly info?: readonly { readonly name: string; readonly value: string }[];
  readonly revisionHistoryLimit?: number;
}

export type SyncStatusCode = "Synced" | "OutOfSync" | "Unknown";
export type HealthStatusCode = "Healthy" | "Suspended" | "Progressing" | "Missing" | "Degraded" | "Unknown";
export type OperationPhase = "Running" | "Terminating" | "Failed" | "Error" | "Succeeded";

export interface HealthStatus {
  readonly status?: HealthStatusCode;
  readonly message?: string;
  readonly lastTransitionTime?: Timestamp;
}

export interface ResourceStatus {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly status?: SyncStatusCode;
  readonly health?: HealthStatus;
  readonly hook?: boolean;
  readonly requiresPruning?: boolean;
  readonly requiresDeletionConfirmation?: boolean;
  readonly syncWave?: number;
}

export interface ResourceResult {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status?: "Synced" | "SyncFailed" | "Pruned" | "PruneSkipped";
  readonly message?: string;
  readonly hookType?: string;
  readonly hookPhase?: OperationPhase;
  readonly syncPhase?: "PreSync" | "Sync" | "PostSync" | "SyncFail";
}

export interface SyncOperationResource {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface SyncOperation {
  readonly revision?: string;
  readonly revisions?: readonly string[];
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly syncStrategy?: object;
  readonly resources?: readonly SyncOperationResource[];
  readonly source?: ApplicationSource;
  readonly sources?: readonly ApplicationSource[];
  readonly manifests?: readonly string[];
  readonly syncOptions?: readonly string[];
  readonly selfHealAttemptsCount?: number;
  readonly autoHealAttemptsCount?: number;
}

/** A request to act; the controller takes it off when it begins. */
export interface Operation {
  readonly sync?: SyncOperation;
  readonly initiatedBy?: { readonly username?: string; readonly automated?: boolean };
  readonly info?: readonly { readonly name: string; readonly value: string }[];
  readonly retry?: RetryStrategy;
}

export interface SyncOperationResult {
  readonly resources?: readonly ResourceResult[];
  readonly revision: string;
  readonly revisions?: readonly string[];
  readonly source?: ApplicationSource;
  readonly sources?: readonly ApplicationSource[];
  readonly managedNamespaceMetadata?: { readonly labels?: Labels; readonly annotations?: Labels };
}

export interface OperationState {
  readonly operation: Operation;
  readonly phase: OperationPhase;
  readonly message?: string;
  readonly syncResult?: SyncOperationResult;
  readonly startedAt: Timestamp;
  readonly finishedAt?: Timestamp;
  readonly retryCount?: number;
}

export interface RevisionHistory {
  readonly id: number;
  readonly revision?: string;
  readonly revisions?: readonly string[];
  readonly deployedAt: Timestamp;
  readonly deployStartedAt?: Timestamp;
  readonly source?: ApplicationSource;
  readonly sources?: readonly ApplicationSource[];
  readonly initiatedBy?: { readonly username?: string; readonly automated?: boolean };
}

export interface ApplicationCondition {
  readonly type: string;
  readonly message: string;
  readonly lastTransitionTime?: Timestamp;
}

export interface ApplicationStatus {
  readonly resources?: readonly ResourceStatus[];
  readonly sync?: {
    readonly status: SyncStatusCode;
    readonly comparedTo?: {
      readonly source?: ApplicationSource;
      readonly sources?: readonly ApplicationSource[];
      readonly destination?: ApplicationDestination;
      readonly ignoreDifferences?: readonly ResourceIgnoreDifferences[];
    };
    readonly revision?: string;
    readonly revisions?: readonly string[];
  };
  readonly health?: HealthStatus;
  readonly history?: readonly RevisionHistory[];
  readonly conditions?: readonly ApplicationCondition[];
  readonly reconciledAt?: Timestamp;
  readonly operationState?: OperationState;
  readonly observedAt?: Timestamp;
  readonly sourceType?: string;
  readonly sourceTypes?: readonly string[];
  readonly summary?: { readonly externalURLs?: readonly string[]; readonly images?: readonly string[] };
  readonly resourceHealthSource?: string;
  readonly controllerNamespace?: string;
  readonly sourceHydrator?: object;
}

export interface Application extends Kind<"argoproj.io/v1alpha1", "Application", ApplicationSpec, ApplicationStatus> {
  readonly operation?: Operation;
}
