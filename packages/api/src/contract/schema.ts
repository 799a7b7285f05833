/**
 * A Kubernetes structural schema (OpenAPI v3 subset) with the extensions that decide merging.
 * Written once per kind; defaults, validation, OpenAPI, strategic merge, server-side apply and protobuf decoding derive from it.
 */
export interface Schema {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly not?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message?: string }[];
  /** The field's number in the kind's protobuf message; only where requests may come as protobuf. */
  readonly "x-sluice-proto"?: number;
  /**
   * Go embeds some structs: in JSON their fields stand beside the others, in protobuf they are a message of their own.
   * Then this is that message's field number, and `x-sluice-proto` the number within it (Probe: `exec` is 1 within 1).
   */
  readonly "x-sluice-proto-within"?: number;
  /** Why this field, although part of the format, is refused: `validate` reports it with this text. */
  readonly "x-sluice-refused"?: string;
  /** Its value may be a secret: no message shows it. */
  readonly "x-sluice-sensitive"?: true;
  /** A list with map keys or set semantics in which the original tolerates doubles. */
  readonly "x-sluice-doubles"?: "allowed";
}
