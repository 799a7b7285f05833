import type { Kind } from "../../contract/resource.ts";
import type { Labels } from "../quantities.ts";
import type { IstioVersion } from "./virtual-service.ts";

export interface Subset {
  readonly name: string;
  readonly labels?: Labels;
  readonly trafficPolicy?: object;
}

/** https://istio.io/latest/docs/reference/config/networking/destination-rule/ */
export interface DestinationRuleSpec {
  readonly host: string;
  readonly subsets?: readonly Subset[];
  readonly trafficPolicy?: object;
  readonly exportTo?: readonly string[];
  readonly workloadSelector?: { readonly matchLabels?: Labels };
}

export type DestinationRule = Kind<
  IstioVersion,
  "DestinationRule",
  DestinationRuleSpec,
  Readonly<Record<string, unknown>>
>;
