import type { Condition, Kind } from "../../contract/resource.ts";
import type { Quantity, Timestamp } from "../quantities.ts";

export interface NodeSpec {
  readonly podCIDR?: string;
  readonly podCIDRs?: readonly string[];
  readonly providerID?: string;
  readonly unschedulable?: boolean;
  readonly taints?: readonly {
    readonly key: string;
    readonly value?: string;
    readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
    readonly timeAdded?: Timestamp;
  }[];
}

export interface NodeCondition extends Condition {
  readonly lastHeartbeatTime?: Timestamp;
}

export interface NodeStatus {
  readonly capacity?: Readonly<Record<string, Quantity>>;
  readonly allocatable?: Readonly<Record<string, Quantity>>;
  readonly phase?: string;
  readonly conditions?: readonly NodeCondition[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port: number } };
  readonly nodeInfo?: {
    readonly machineID: string;
    readonly systemUUID: string;
    readonly bootID: string;
    readonly kernelVersion: string;
    readonly osImage: string;
    readonly containerRuntimeVersion: string;
    readonly kubeletVersion: string;
    readonly kubeProxyVersion: string;
    readonly operatingSystem: string;
    readonly architecture: string;
  };
  readonly images?: readonly { readonly names?: readonly string[]; readonly sizeBytes?: number }[];
}

/** The machine. There is one; the agent reports it. */
export type Node = Omit<Kind<"v1", "Node", NodeSpec, NodeStatus>, "spec"> & { readonly spec?: NodeSpec };
