import type { Container } from "@sluice/api";
import type { Instant } from "@sluice/kernel";

/** Why a container that should start hasn't. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
  /** Absent: only a change of the Pod or of what it refers to can help. */
  readonly retryAt?: Instant;
}

export interface Ended {
  readonly containerId: string;
  readonly exitCode: number;
  /** Kubernetes' word for it: Completed, Error, OOMKilled, StartError, ContainerStatusUnknown; or ours, AddressInUse. */
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  /** We stopped it, or the machine did: no reason to back off. */
  readonly isPlanned?: true;
}

/** The latest run of a container, and the one before it where that has ended. */
export type RunView =
  | { readonly is: "none"; readonly waiting?: Waiting }
  | { readonly is: "starting"; readonly attempt: number; readonly previous?: Ended }
  | {
      readonly is: "running";
      readonly attempt: number;
      readonly containerId: string;
      readonly startedAt: Instant;
      /** The startup probe passed, or there is none. */
      readonly isStarted: boolean;
      readonly isReady: boolean;
      readonly isStopping: boolean;
      readonly previous?: Ended;
    }
  | {
      readonly is: "ended";
      readonly attempt: number;
      readonly ended: Ended;
      readonly backoffMillis: number;
      readonly waiting?: Waiting;
    };

export interface ContainerView {
  readonly container: Container;
  readonly kind: "init" | "sidecar" | "main";
  readonly image: string;
  readonly imageId: string;
  readonly run: RunView;
}

/** Why a Pod is going away; its processes are to be stopped. */
export interface Leaving {
  readonly because: "deleted" | "deadline" | "shutdown";
  readonly graceSeconds: number;
}

export interface PodView {
  readonly restartPolicy: "Always" | "OnFailure" | "Never";
  readonly containers: readonly ContainerView[];
  readonly leaving?: Leaving;
  /** When the kubelet's activeDeadlineSeconds runs out. */
  readonly deadlineAt?: Instant;
}
