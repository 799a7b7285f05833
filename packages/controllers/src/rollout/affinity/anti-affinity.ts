import type { Affinity, PodAffinity, PodAffinityTerm, Rollout } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { keyIn, replicaSetKind } from "../names.ts";
import type { View } from "../view.ts";
import { topologyKey, withoutRule } from "./injected.ts";

/**
 * The affinity that a version's Pods have: the template's, and while it isn't the stable version, that they keep away
 * from the stable one's nodes. Source: argo-rollouts utils/replicaset/replicaset.go GenerateReplicaSetAffinity.
 */
export function affinityOf(view: Pick<View, "rollout" | "status" | "isFullyPromoted">): Affinity | undefined {
  const written = view.rollout.spec.template?.spec.affinity;
  const antiAffinity = antiAffinityOf(view.rollout);
  const stable = view.status.stableRS ?? "";
  if (antiAffinity === undefined || stable === "" || view.isFullyPromoted) return written;
  const term: PodAffinityTerm = {
    labelSelector: { matchExpressions: [{ key: podHashLabel, operator: "In", values: [stable] }] },
    topologyKey,
  };
  const {
    requiredDuringSchedulingIgnoredDuringExecution: required = [],
    preferredDuringSchedulingIgnoredDuringExecution: preferred = [],
  } = written?.podAntiAffinity ?? {};
  const injected: PodAffinity =
    antiAffinity.requiredDuringSchedulingIgnoredDuringExecution !== undefined
      ? { requiredDuringSchedulingIgnoredDuringExecution: [...required, term] }
      : {
          preferredDuringSchedulingIgnoredDuringExecution: [
            ...preferred,
            {
              weight: antiAffinity.preferredDuringSchedulingIgnoredDuringExecution?.weight ?? 1,
              podAffinityTerm: term,
            },
          ],
        };
  return { ...written, podAntiAffinity: { ...written?.podAntiAffinity, ...injected } };
}

const antiAffinityOf = ({ spec: { strategy } }: Rollout) =>
  strategy.canary?.antiAffinity ?? strategy.blueGreen?.antiAffinity;

/** The rule follows the stable version, and goes when this one is promoted; a template changed so restarts nothing. */
export function planAffinity(view: View): readonly Effect[] {
  const { canary } = view;
  const has = canary?.spec.template?.spec.affinity;
  if (canary === undefined || (antiAffinityOf(view.rollout) === undefined && sameJson(has, withoutRule(has))))
    return [];
  const wanted = affinityOf(view);
  if (sameJson(has, wanted)) return [];
  const { podAntiAffinity } = wanted ?? {};
  // In a merge patch null takes away what is no longer wanted.
  const rules =
    podAntiAffinity === undefined
      ? null
      : {
          requiredDuringSchedulingIgnoredDuringExecution:
            podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution ?? null,
          preferredDuringSchedulingIgnoredDuringExecution:
            podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? null,
        };
  const affinity = wanted === undefined ? null : { podAntiAffinity: rules };
  const key = keyIn(replicaSetKind, canary.metadata.namespace, canary.metadata.name);
  const value = { spec: { template: { spec: { affinity } } } };
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}
