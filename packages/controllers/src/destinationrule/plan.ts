import type { DestinationRule, Pod } from "@sluice/api";
import type { Plan } from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";
import { type Abandoned, withoutManager } from "../marks/index.ts";
import { podHashLabel } from "../version/index.ts";

export interface ObservedRule {
  readonly rule: DestinationRule;
  /** By the Rollout that said which versions its subsets are. */
  readonly abandoned: Abandoned | undefined;
  /** Of those versions; read where users may be led to them yet. */
  readonly pods: readonly Pod[];
}

/**
 * Subsets of versions that are gone are all Pods' again: whoever serves in place of the Rollout gets its requests. Source:
 * argo-rollouts rollout/trafficrouting/istio/controller.go, which doesn't wait until nobody is sent to their last Pods.
 */
export function plan({ rule, abandoned, pods }: ObservedRule): Plan<StoreAction, never> {
  if (abandoned === undefined) return { actions: [], because: "its Rollout decides" };
  if (pods.some(({ metadata }) => metadata.deletionTimestamp === undefined)) {
    return { actions: [], because: "no Rollout decides any more, and the Pods that one led to are there" };
  }
  const subsets = rule.spec.subsets?.map((subset) => {
    const { [podHashLabel]: _, ...labels } = subset.labels ?? {};
    const { labels: _before, ...rest } = subset;
    return Object.keys(labels).length === 0 ? rest : { ...rest, labels };
  });
  const object = { ...withoutManager(rule), spec: { ...rule.spec, ...(subsets === undefined ? {} : { subsets }) } };
  return {
    actions: [{ do: "update", object }],
    because: "no Rollout decides any more: its subsets tell no versions apart",
  };
}
