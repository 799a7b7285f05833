import type { DestinationRule, Pod } from "@sluice/api";
import type { Plan } from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";
import { withoutManager } from "../marks/index.ts";
import { podHashLabel } from "../version/index.ts";

export interface ObservedRule {
  readonly rule: DestinationRule;
  /** The Rollout that said which versions its subsets are is gone. */
  readonly isAbandoned: boolean;
  /** Of those versions; read where it is abandoned. */
  readonly pods: readonly Pod[];
}

/**
 * Subsets of versions that are gone are all Pods' again: whoever serves in place of the Rollout gets its requests. Source:
 * argo-rollouts rollout/trafficrouting/istio/controller.go, which doesn't wait until nobody is sent to their last Pods.
 */
export function plan({ rule, isAbandoned, pods }: ObservedRule): Plan<StoreAction, never> {
  if (!isAbandoned) return { actions: [], because: "its Rollout decides" };
  if (pods.some(({ metadata }) => metadata.deletionTimestamp === undefined)) {
    return { actions: [], because: "its Rollout is gone, and the Pods that it led to are not" };
  }
  const subsets = rule.spec.subsets?.map((subset) => {
    const { [podHashLabel]: _, ...labels } = subset.labels ?? {};
    const { labels: _before, ...rest } = subset;
    return Object.keys(labels).length === 0 ? rest : { ...rest, labels };
  });
  const object = { ...withoutManager(rule), spec: { ...rule.spec, ...(subsets === undefined ? {} : { subsets }) } };
  return { actions: [{ do: "update", object }], because: "its Rollout is gone: its subsets tell no versions apart" };
}
