import type { Condition, Kind } from "../../contract/resource.ts";
import type { Timestamp } from "../quantities.ts";

/** One deploy after another over two Deployments and the Service whose selector switches; its name is the Service's. */
export interface BlueGreenDeploymentSpec {
  /** Names the deploy: another value begins another one. */
  readonly release: string;
  /** Absent: what the idle colour had last, which is the way back. */
  readonly image?: string;
  /** Whose image it is, where the Pods have several containers. */
  readonly container?: string;
  /** The label of the Service's selector that switches. */
  readonly label?: string;
  readonly timeoutSeconds?: number;
  /** Asked of each Pod before the switch; absent: the path of its probes. */
  readonly healthPath?: string;
  readonly smoke?: {
    readonly image: string;
    readonly command?: readonly string[];
    readonly timeoutSeconds?: number;
  };
  readonly verification?: {
    readonly path?: string;
    /** Through the router, each answered by the new colour. 0: none. */
    readonly requests?: number;
    readonly timeoutSeconds?: number;
  };
  /** How long the old colour stays after the switch. */
  readonly drainSeconds?: number;
  /** The Secret that holds the URL of a webhook. */
  readonly notify?: { readonly secretName: string; readonly secretKey?: string };
  /** Take it back. */
  readonly abort?: boolean;
  /** Who asked. */
  readonly by?: string;
}

export type BlueGreenPhase =
  | "Preparing"
  | "WaitingForReady"
  | "CheckingHealth"
  | "SmokeTesting"
  | "Switching"
  | "Verifying"
  | "Draining"
  /** Traffic goes back to the colour that had it. */
  | "SwitchingBack"
  /** The colour that isn't wanted is scaled down. */
  | "CleaningUp"
  | "Notifying"
  | "Succeeded"
  | "Failed"
  | "Aborted";

export interface BlueGreenDeploymentStatus {
  readonly phase?: BlueGreenPhase;
  readonly phaseStartedAt?: Timestamp;
  /** Of the spec, taken up. */
  readonly release?: string;
  readonly startedAt?: Timestamp;
  readonly finishedAt?: Timestamp;
  /** The colour that had the traffic when it began, and the one that shall have it. */
  readonly from?: string;
  readonly to?: string;
  readonly fromDeployment?: string;
  readonly toDeployment?: string;
  readonly image?: string;
  /** As many Pods as the colour with the traffic had. */
  readonly replicas?: number;
  /** The phase that it will end in, once that is certain, and why. */
  readonly outcome?: { readonly phase: "Succeeded" | "Failed" | "Aborted"; readonly message: string };
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export type BlueGreenDeployment = Kind<
  "sluice.dev/v1alpha1",
  "BlueGreenDeployment",
  BlueGreenDeploymentSpec,
  BlueGreenDeploymentStatus
>;

/**
 * On what a blue-green deploy has written to, so that whoever applies the manifests again leaves that alone: on a Service
 * the label of its selector that switches, on a Deployment the container whose image, with the replicas, is the deploy's.
 */
export const blueGreenAnnotation = "sluice.dev/blue-green";
