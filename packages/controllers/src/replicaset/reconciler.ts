import { controllerOf, matchesSelector, type Pod, type ReplicaSet } from "@sluice/api";
import type { Reader, Reconciler } from "@sluice/kernel";
import { applyEffect, type Effects, type StoreAction } from "../loop/index.ts";
import { type ObservedReplicaSet, planReplicaSet } from "./plan.ts";

const podKind = { apiVersion: "v1", kind: "Pod" };

/** https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */
export const replicaSetReconciler = (effects: Effects): Reconciler<ReplicaSet, ObservedReplicaSet, StoreAction> => ({
  kind: { apiVersion: "apps/v1", kind: "ReplicaSet" },
  observe,
  plan: planReplicaSet,
  apply: (_replicaSet, action) => applyEffect(action, effects),
});

async function observe(replicaSet: ReplicaSet, read: Reader): Promise<ObservedReplicaSet> {
  const { namespace, uid = "" } = replicaSet.metadata;
  const { selector } = replicaSet.spec;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const owned = await read.list<Pod>(podKind, { ...inNamespace, ownerUid: uid });
  const matching = await read.list<Pod>(podKind, { ...inNamespace, labels: selector.matchLabels ?? {} });
  const isMatch = ({ metadata }: Pod) => matchesSelector(selector, metadata.labels ?? {});
  const isStray = (pod: Pod) => !isMatch(pod) && pod.metadata.deletionTimestamp === undefined;
  return {
    replicaSet,
    pods: owned.filter((pod) => !isStray(pod)),
    orphans: matching.filter(
      (pod) => isMatch(pod) && controllerOf(pod) === undefined && pod.metadata.deletionTimestamp === undefined,
    ),
    strays: owned.filter(isStray),
  };
}
