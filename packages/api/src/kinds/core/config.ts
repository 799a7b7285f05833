import type { Resource } from "../../contract/resource.ts";

export interface ConfigMap extends Resource {
  readonly apiVersion: "v1";
  readonly kind: "ConfigMap";
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

export interface Secret extends Resource {
  readonly apiVersion: "v1";
  readonly kind: "Secret";
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
  /** Write-only: folded into `data` when stored. */
  readonly stringData?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly immutable?: boolean;
}
