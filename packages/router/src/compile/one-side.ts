import type { Service } from "@sluice/api";
import type { EndpointEntry } from "../table.ts";

export interface LabelledEndpoint {
  readonly entry: EndpointEntry;
  /** Undefined where its Pod isn't known. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/**
 * A Service that selects others from now on has its new endpoints one after another, then loses the old ones so. To
 * nobody's request that is seen: the old ones answer alone until there are as many new ones, and from then on the new.
 */
export function oneSide({ spec }: Service, endpoints: readonly LabelledEndpoint[]): readonly LabelledEndpoint[] {
  const wanted = Object.entries(spec.selector ?? {});
  const isSelected = ({ labels }: LabelledEndpoint): boolean =>
    labels === undefined || wanted.every(([name, value]) => labels[name] === value);
  const left = endpoints.filter((endpoint) => !isSelected(endpoint));
  if (left.length === 0) return endpoints;
  const selected = endpoints.filter(isSelected);
  const readyOf = (side: readonly LabelledEndpoint[]) => side.filter(({ entry }) => entry.state === undefined).length;
  const ready = readyOf(selected);
  return ready > 0 && ready >= readyOf(left) ? selected : left;
}
