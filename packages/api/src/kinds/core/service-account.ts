import type { Resource } from "../../contract/resource.ts";
import type { ObjectReference } from "./event.ts";

export interface ServiceAccount extends Resource {
  readonly apiVersion: "v1";
  readonly kind: "ServiceAccount";
  readonly secrets?: readonly ObjectReference[];
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly automountServiceAccountToken?: boolean;
}
