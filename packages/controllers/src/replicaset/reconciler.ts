import type { Pod, ReplicaSet } from "@sluice/api";
import type { Reader, Reconciler } from "@sluice/kernel";
import { applyEffect, type Effects, type StoreAction } from "../loop/index.ts";
import { readClaims } from "../ownership/index.ts";
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
  const { own, orphans, strays } = await readClaims<Pod>(replicaSet, podKind, replicaSet.spec.selector, read);
  return { replicaSet, pods: own, orphans, strays };
}
