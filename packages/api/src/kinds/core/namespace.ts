import type { Condition, Kind } from "../../contract/resource.ts";

export interface NamespaceSpec {
  readonly finalizers?: readonly string[];
}

export interface NamespaceStatus {
  readonly phase?: "Active" | "Terminating";
  readonly conditions?: readonly Condition[];
}

export type Namespace = Omit<Kind<"v1", "Namespace", NamespaceSpec, NamespaceStatus>, "spec"> & {
  readonly spec?: NamespaceSpec;
};
