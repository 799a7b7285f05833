import type { DestinationRule, IstioDestinationRuleReference } from "@sluice/api";
import { podHashLabel } from "../../version/index.ts";

export interface SubsetHashes {
  readonly canary: string | undefined;
  readonly stable: string | undefined;
}

export function subsetHashes(rule: DestinationRule, reference: IstioDestinationRuleReference): SubsetHashes {
  const hashOf = (subset: string) => rule.spec.subsets?.find(({ name }) => name === subset)?.labels?.[podHashLabel];
  return { canary: hashOf(reference.canarySubsetName), stable: hashOf(reference.stableSubsetName) };
}

/**
 * Both subsets at these versions; an undefined side stays as it is. Subsets that are neither and aren't named as
 * additional are dropped, as the original drops them. The same object back where nothing changes.
 */
export function withSubsetHashes(
  rule: DestinationRule,
  reference: IstioDestinationRuleReference,
  wanted: SubsetHashes,
): DestinationRule {
  const before = rule.spec.subsets ?? [];
  const subsets = before.flatMap((subset) => {
    if (subset.name !== reference.canarySubsetName && subset.name !== reference.stableSubsetName) {
      return reference.additionalSubsetNames?.includes(subset.name) === true ? [subset] : [];
    }
    const side = subset.name === reference.canarySubsetName ? wanted.canary : wanted.stable;
    if (side === undefined || subset.labels?.[podHashLabel] === side) return [subset];
    return [{ ...subset, labels: { ...subset.labels, [podHashLabel]: side } }];
  });
  const isSame = subsets.length === before.length && subsets.every((subset, index) => subset === before[index]);
  return isSame ? rule : { ...rule, spec: { ...rule.spec, subsets } };
}
