import type { DestinationRule, Pod, Rollout } from "@sluice/api";
import type { Reader, Reconciler } from "@sluice/kernel";
import { applyEffect, type Effects, type StoreAction } from "../loop/index.ts";
import { abandoned } from "../marks/index.ts";
import { podHashLabel } from "../version/index.ts";
import { type ObservedRule, plan } from "./plan.ts";

/** What a Rollout wrote into a DestinationRule goes with it. */
export const destinationRuleReconciler = (
  effects: Effects,
): Reconciler<DestinationRule, ObservedRule, StoreAction> => ({
  kind: { apiVersion: "networking.istio.io/v1", kind: "DestinationRule" },
  observe,
  plan,
  apply: (_rule, action) => applyEffect(action, effects),
});

const rulesOf = ({ spec }: Rollout) => [spec.strategy?.canary?.trafficRouting?.istio?.destinationRule?.name];

async function observe(rule: DestinationRule, read: Reader): Promise<ObservedRule> {
  const by = await abandoned(rule, read, rulesOf);
  if (by === undefined || by === "byPods") return { rule, abandoned: by, pods: [] };
  const { namespace } = rule.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const hashes = new Set((rule.spec.subsets ?? []).flatMap(({ labels }) => labels?.[podHashLabel] ?? []));
  const lists = await Promise.all(
    [...hashes].map((hash) =>
      read.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { ...inNamespace, labels: { [podHashLabel]: hash } }),
    ),
  );
  return { rule, abandoned: by, pods: lists.flat() };
}
